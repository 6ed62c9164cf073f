import type { RedisClient } from '../../redis/connect.ts';
import { RequestNotSentError, RequestTimeoutError } from '../errors.ts';
import { agentIdText, type AgentIdInput } from '../models/agent-id.ts';
import type { AgentMessage } from '../models/message.ts';
import { QueueMessage, type ReceivedMessage } from '../models/queue-message.ts';
import { takeMessage } from '../scripts/settle-leftovers.ts';
import { askScript } from './availability.ts';
import type { MessagingCore } from './core.ts';
import { answeredRequest } from './post.ts';
import { sendChecked } from './send.ts';

/** A notice may get lost; then the answer is found by looking. */
const LOOK_EVERY_MS = 250;

interface Pending {
  readonly asker: string;
  readonly answer: (response: AgentMessage) => void;
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
   * Errors: request_unanswered (timeout), request_not_sent (unavailable)
   */
  async ask(message: AgentMessage, timeoutMs: number, signal?: AbortSignal): Promise<AgentMessage> {
    const id = message.message_id;
    const { promise, resolve, reject } = Promise.withResolvers<AgentMessage>();
    const look = (): void => {
      void this.#take(id, message.sender).then(
        (response) => response !== undefined && resolve(response),
        () => undefined,
      );
    };
    this.#pending.set(id, { asker: agentIdText(message.sender), answer: resolve, look });
    const abort = (): void => reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal?.addEventListener('abort', abort, { once: true });
    const timer = setTimeout(() => reject(new RequestTimeoutError(id, timeoutMs)), timeoutMs);
    const looking = setInterval(look, LOOK_EVERY_MS);
    promise.catch(() => undefined);
    try {
      await this.#listen();
      const result = await sendChecked(this.#core, message);
      if (!result.delivered && result.error_code !== 'unknown_outcome')
        throw new RequestNotSentError(id, result.error_code);
      look();
      return await promise;
    } finally {
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

  close(): void {
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

  async #take(id: string, asker: AgentIdInput): Promise<AgentMessage | undefined> {
    const { redis, keys } = this.#core;
    const [queue, jobId] = ((await redis.get(keys.reply(id))) ?? '').split(' ');
    if (queue === undefined || jobId === undefined) return undefined;
    const key = (name: string): string => `${keys.prefix}:${queue}:${name}`;
    const data = await askScript(redis, takeMessage, [key('prioritized'), key(jobId)], [jobId]);
    if (typeof data !== 'string') return undefined;
    const queued = QueueMessage.parse(JSON.parse(data));
    this.#core.audit.writeQueued('received', asker, queued);
    this.#core.audit.writeQueued('acked', asker, queued);
    return queued.message;
  }
}
