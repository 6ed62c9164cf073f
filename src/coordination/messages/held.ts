import type { JobJson } from 'bullmq';
import type { AgentIdInput } from '../models/agent-id.ts';
import type { QueueMessage } from '../models/queue-message.ts';

/** A message that this coordinator received and nobody settled yet. */
export interface HeldMessage {
  readonly agent: AgentIdInput;
  /** Of the job, as BullMQ decodes it. */
  readonly json: JobJson;
  readonly queueMessage: QueueMessage;
  /** Epoch milliseconds. */
  deadline: number;
}

/** How long what was never settled is remembered after its reservation expired. */
const FORGET_AFTER_MS = 60_000;

/** What is received and not settled, by token. It spares a look into Redis, and is given back when we close. */
export class Held {
  readonly #messages = new Map<string, HeldMessage>();

  add(token: string, message: HeldMessage): void {
    this.#messages.set(token, message);
  }

  get(token: string): HeldMessage | undefined {
    return this.#messages.get(token);
  }

  drop(token: string): void {
    this.#messages.delete(token);
  }

  /** Those that still are reserved, as far as one knows here. */
  tokens(): { token: string; agent: AgentIdInput }[] {
    return [...this.#messages].map(([token, { agent }]) => ({ token, agent }));
  }

  forgetExpired(nowMs = Date.now()): void {
    for (const [token, { deadline }] of this.#messages)
      if (deadline + FORGET_AFTER_MS < nowMs) this.#messages.delete(token);
  }
}
