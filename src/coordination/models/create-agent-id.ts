import { parseInput } from '../validate.ts';
import { AgentId, canonicalAgentId } from './agent-id.ts';

/**
 * The agent of this type and name; without a name, or with `default`, all of the type.
 * Errors: validation (invalid_input)
 */
export function createAgentId(type: string, instance: string | null = null): AgentId {
  return canonicalAgentId(parseInput(AgentId, { type, instance }, 'agent'));
}
