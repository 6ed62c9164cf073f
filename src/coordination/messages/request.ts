import type { RedisClient } from '../../redis/connect.ts';
import { CoordinationClosedError, RequestNotSentError, RequestTimeoutError } from '../errors.ts';
import { mailboxQueue } from '../keys.ts';
import { agentIdText, canonicalAgentId, type AgentIdInput } from '../models/agent-id.ts';
import type { AgentMessage } from '../models/message.ts';
import { QueueMessage, type ReceivedMessage } from '../models/queue-message.ts';
import { takeMessage } from '../scripts/settle-leftovers.ts';
import { askScript } from './availability.ts';
import type { MessagingCore } from './core.ts';
import { answeredRequest } from './post.ts';
import { deposit, sendChecked } from './send.ts';

/** A notice may get lost; then the answer is found by looking. */
const LOOK_EVERY_MS = 250;

interface Pending {
  readonly asker: string;
  readonly answer: (response: AgentMessage) => void;
  readonly fail: (error: Error) => void;
  readonly look: () => void;
}

/**
 * Requests that wait for their answer. An answer lies in the asker's mailbox like any message; a notice says so, and
 * it is taken out of there. Where the asker consumes its mailbox in this process, it is handed over instead. Whatever
 * comes too late stays in the mailbox.
 */
export class Requests {
  readonly #core: MessagingCore;
  readonly #open: () => RedisClient;
  readonly #pending = new Map<string, Pending>();
  #notices: RedisClient | undefined;

  constructor(core: MessagingCore, open: () => RedisClient) {
    this.#core = core;
    this.#open = open;
  }

  /**
   * Send a checked message and wait for the answer to it.
   * Errors: request_unanswered (timeout), request_not_sent, coordination_closed (both unavailable)
   */
  async ask(message: AgentMessage, timeoutMs: number, signal?: AbortSignal): Promise<AgentMessage> {
    signal?.throwIfAborted();
    const id = message.message_id;
    const { promise, resolve, reject } = Promise.withResolvers<AgentMessage>();
    let isOver = false;
    const look = (): void => {
      const taking = this.#take(id, message.sender);
      const used = taking.then((queued) => {
        if (queued === undefined) return undefined;
        if (isOver) return this.#putBack(message.sender, queued);
        return resolve(queued.message);
      });
      used.catch(() => undefined);
    };
    this.#pending.set(id, { asker: agentIdText(message.sender), answer: resolve, fail: reject, look });
    const abort = (): void => reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal?.addEventListener('abort', abort, { once: true });
    const timer = setTimeout(() => reject(new RequestTimeoutError(id, timeoutMs)), timeoutMs);
    const looking = setInterval(look, LOOK_EVERY_MS);
    const send = async (): Promise<void> => {
      await this.#listen();
      if (isOver) return;
      const result = await sendChecked(this.#core, message);
      if (!result.delivered && result.error_code !== 'unknown_outcome')
        throw new RequestNotSentError(id, result.error_code);
      look();
    };
    // Whoever waits does so for its own time, and not for that of a Redis that is silent.
    send().catch(reject);
    try {
      return await promise;
    } finally {
      isOver = true;
      clearTimeout(timer);
      clearInterval(looking);
      signal?.removeEventListener('abort', abort);
      this.#pending.delete(id);
    }
  }

  /** Takes an awaited answer out of what a consumer received; true when it did. */
  intercept(received: ReceivedMessage): boolean {
    const { message } = received.queue_message;
    const pending = this.#pending.get(answeredRequest(message));
    if (pending === undefined || pending.asker !== agentIdText(message.recipient)) return false;
    pending.answer(message);
    return true;
  }

  /** Nobody waits any longer. */
  close(): void {
    for (const { fail } of this.#pending.values())
      fail(new CoordinationClosedError('a request', 'was ended by close()'));
    this.#notices?.disconnect();
  }

  async #listen(): Promise<void> {
    if (this.#notices !== undefined) return;
    const notices = this.#open();
    this.#notices = notices;
    notices.on('message', (_channel: string, id: string) => this.#pending.get(id)?.look());
    try {
      if (notices.status === 'wait') await notices.connect();
      await notices.subscribe(this.#core.keys.replyNotices());
    } catch (error) {
      this.#notices = undefined;
      notices.disconnect();
      this.#core.logger.debug({ err: error }, 'no notices of answers; they are looked for instead');
    }
  }

  async #take(id: string, asker: AgentIdInput): Promise<QueueMessage | undefined> {
    const { redis, keys } = this.#core;
    const queue = mailboxQueue(asker);
    const jobId = await redis.get(keys.reply(queue, id));
    if (jobId === null) return undefined;
    const key = (name: string): string => `${keys.prefix}:${queue}:${name}`;
    const data = await askScript(redis, takeMessage, [key('prioritized'), key(jobId)], [jobId]);
    if (typeof data !== 'string') return undefined;
    const queued = QueueMessage.parse(JSON.parse(data));
    this.#core.audit.writeQueued('received', asker, queued);
    this.#core.audit.writeQueued('acked', asker, queued);
    return queued;
  }

  /** Nobody waited any more when it was fetched: it is a late answer. */
  async #putBack(asker: AgentIdInput, queued: QueueMessage): Promise<void> {
    const { delivered, message_id } = await deposit(this.#core, canonicalAgentId(asker), queued);
    if (!delivered) this.#core.logger.error({ message_id }, 'a late answer could not be put back');
  }
}
