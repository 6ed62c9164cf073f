import { agentIdText, type AgentId } from '../models/agent-id.ts';
import type { AgentMessage, MessageResult } from '../models/message.ts';

/** Of more the oldest are forgotten. */
const KEPT = 1000;

/**
 * Where messages went whose fate their sender was not told. Sent again, such a message goes to the same mailbox,
 * whoever would be chosen by then: there it is recognised if it had arrived.
 */
export class UncertainSends {
  readonly #mailboxes = new Map<string, AgentId>();

  mailboxOf(message: AgentMessage): AgentId | undefined {
    return this.#mailboxes.get(nameOf(message));
  }

  /** What became of a message this time. */
  note(message: AgentMessage, { recipient, error_code }: MessageResult): void {
    if (error_code === 'redis_unavailable') return; // says nothing of the time before
    const name = nameOf(message);
    this.#mailboxes.delete(name);
    if (error_code !== 'unknown_outcome') return;
    this.#mailboxes.set(name, recipient);
    const [oldest] = this.#mailboxes.keys();
    if (this.#mailboxes.size > KEPT && oldest !== undefined) this.#mailboxes.delete(oldest);
  }
}

/** A broadcast has one id and many recipients. */
function nameOf({ message_id, recipient }: AgentMessage): string {
  return `${message_id} ${agentIdText(recipient)}`;
}
