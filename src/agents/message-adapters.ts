import { AGENT_TYPES } from '../contracts/agent-type.ts';
import type { AgentMessage } from '../coordination/models/message.ts';
import { ipaFromMessage } from './ipa/from-message.ts';
import { plainWork, type FromMessage, type MessageWork } from './message-work.ts';
import { ngaFromMessage } from './nga/from-message.ts';
import { wbaFromMessage } from './wba/from-message.ts';

/** How each type of agent reads messages; a type that is not here gets the payload as it is. */
export const MESSAGE_ADAPTERS: ReadonlyMap<string, FromMessage<unknown>> = new Map<
  string,
  FromMessage<unknown>
>([
  [AGENT_TYPES.ipa, ipaFromMessage],
  [AGENT_TYPES.wba, wbaFromMessage],
  [AGENT_TYPES.nga, ngaFromMessage],
]);

/**
 * @param type  of the agent that works on it; another one than the message names when that one was not there, and this one
 *   has the capabilities that the message asks for
 * Errors: permanent_failure (invalid_input), naming every field that is missing or wrong.
 */
export function workOf(message: AgentMessage, type = message.recipient.type): MessageWork<unknown> {
  return (MESSAGE_ADAPTERS.get(type) ?? plainWork)(message);
}
