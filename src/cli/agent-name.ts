import { parseAgentIdText, type AgentId } from '../coordination/models/agent-id.ts';
import { usageError } from './context.ts';

/** `type:instance`, or `type` for the mailbox that the type shares. Errors: usage */
export function agentName(text: string, what: string): AgentId {
  const agent = parseAgentIdText(text);
  if (agent !== undefined) return agent;
  throw usageError(`${what}: expected <type> or <type>:<instance>, got "${text}"`);
}
