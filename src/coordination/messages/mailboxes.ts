import { Queue, Worker, type QueueOptions } from 'bullmq';
import type { RedisClient } from '../../redis/connect.ts';
import { computeDelay } from '../../resilience/backoff.ts';
import { CoordinationClosedError } from '../errors.ts';
import { deadLetterQueue, mailboxQueue } from '../keys.ts';
import { agentIdText, type AgentIdInput } from '../models/agent-id.ts';
import { RetryStamp } from '../models/queue-message.ts';
import type { Logger } from '../ports.ts';
import { asking } from './availability.ts';
import { Arrivals } from './arrivals.ts';

/** BullMQ's own events are a courtesy to watchers; messages have their audit. */
const EVENTS_KEPT = 1000;

interface Receiver {
  readonly worker: Worker;
  readonly arrivals: Arrivals;
}

interface Mailbox {
  readonly agent: AgentIdInput;
  queue?: Queue;
  deadLetters?: Queue;
  receiver?: Receiver;
  usedAt: number;
  /** Consumers that keep it open. */
  users: number;
}

/**
 * The BullMQ objects of mailboxes, opened at their first use and closed after a while without any. All share one
 * connection; a receiver has a second one, which waits for arrivals.
 */
export class Mailboxes {
  readonly #redis: RedisClient;
  readonly #prefix: string;
  readonly #lockMs: () => number;
  readonly #logger: Logger;
  readonly #mailboxes = new Map<string, Mailbox>();
  /** Those that were ready once: what became of Redis since then, their commands will tell. */
  readonly #opened = new WeakSet<Queue | Worker>();
  #isClosed = false;

  constructor(redis: RedisClient, prefix: string, lockMs: () => number, logger: Logger) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#lockMs = lockMs;
    this.#logger = logger;
  }

  /** Errors: redis_unavailable (unavailable) */
  async queue(agent: AgentIdInput): Promise<Queue> {
    const mailbox = this.#mailbox(agent);
    mailbox.queue ??= this.#open(mailboxQueue(agent));
    return this.#ready(mailbox, 'queue');
  }

  /** Errors: redis_unavailable (unavailable) */
  async deadLetters(agent: AgentIdInput): Promise<Queue> {
    const mailbox = this.#mailbox(agent);
    mailbox.deadLetters ??= this.#open(deadLetterQueue(agent));
    return this.#ready(mailbox, 'deadLetters');
  }

  /** Errors: redis_unavailable (unavailable) */
  async receiver(agent: AgentIdInput): Promise<Receiver> {
    const mailbox = this.#mailbox(agent);
    const receiver = (mailbox.receiver ??= this.#openReceiver(agent));
    const { worker } = receiver;
    if (this.#opened.has(worker)) return receiver;
    try {
      await asking(this.#redis, 'open mailbox', () => worker.waitUntilReady());
      this.#opened.add(worker);
    } catch (error) {
      if (mailbox.receiver?.worker === worker) delete mailbox.receiver;
      void worker.close(true).catch(() => {});
      throw error;
    }
    return receiver;
  }

  /** The agents whose mailboxes this process receives from. */
  received(): AgentIdInput[] {
    return [...this.#mailboxes.values()].filter(({ receiver }) => receiver).map(({ agent }) => agent);
  }

  /** Keeps a mailbox open until the returned function is called. */
  keepOpen(agent: AgentIdInput): () => void {
    const mailbox = this.#mailbox(agent);
    mailbox.users += 1;
    return () => {
      mailbox.users -= 1;
      mailbox.usedAt = Date.now();
    };
  }

  async closeIdle(idleMs: number, isBusy: (agent: AgentIdInput) => boolean): Promise<void> {
    const idle = [...this.#mailboxes].filter(
      ([, { users, usedAt, agent, receiver }]) =>
        users === 0 &&
        usedAt + idleMs < Date.now() &&
        !isBusy(agent) &&
        receiver?.arrivals.isAwaited() !== true,
    );
    for (const [text] of idle) this.#mailboxes.delete(text);
    await Promise.all(idle.map(([, mailbox]) => closeMailbox(mailbox)));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#mailboxes.values()];
    this.#mailboxes.clear();
    await Promise.all(all.map(closeMailbox));
  }

  #mailbox(agent: AgentIdInput): Mailbox {
    if (this.#isClosed) throw new CoordinationClosedError('a mailbox');
    const text = agentIdText(agent);
    const existing = this.#mailboxes.get(text);
    const mailbox = existing ?? { agent, usedAt: 0, users: 0 };
    if (existing === undefined) this.#mailboxes.set(text, mailbox);
    mailbox.usedAt = Date.now();
    return mailbox;
  }

  async #ready(mailbox: Mailbox, which: 'queue' | 'deadLetters'): Promise<Queue> {
    const queue = mailbox[which]!;
    if (this.#opened.has(queue)) return queue;
    try {
      await asking(this.#redis, 'open mailbox', () => queue.waitUntilReady());
      this.#opened.add(queue);
      return queue;
    } catch (error) {
      // BullMQ remembers a failed beginning for ever; the next use begins anew.
      if (mailbox[which] === queue) delete mailbox[which];
      void queue.close().catch(() => {});
      throw error;
    }
  }

  #open(name: string): Queue {
    const queue = new Queue(name, this.#options());
    queue.on('error', (error) => this.#logger.debug({ queue: name, err: error }, 'a mailbox has an error'));
    return queue;
  }

  #openReceiver(agent: AgentIdInput): Receiver {
    const name = mailboxQueue(agent);
    const worker = new Worker(name, null, {
      ...this.#options(),
      // Without knowing the version, BullMQ waits in whole seconds.
      skipVersionCheck: false,
      lockDuration: this.#lockMs(),
      // BullMQ's own sweep would put messages ahead of every priority: see recover-mailbox.
      skipStalledCheck: true,
      autorun: false,
    });
    worker.on('error', (error) => this.#logger.debug({ queue: name, err: error }, 'a mailbox has an error'));
    return { worker, arrivals: new Arrivals(worker, this.#redis) };
  }

  #options(): QueueOptions {
    const options = {
      connection: this.#redis,
      prefix: this.#prefix,
      skipVersionCheck: true,
      streams: { events: { maxLen: EVENTS_KEPT } },
      // Read by jobs that are settled through their queue; QueueOptions know of it for workers only.
      settings: { backoffStrategy: stampedDelay },
    };
    return options as unknown as QueueOptions;
  }
}

/** The delay that the policy stamped into a message asks for: all who consume it apply the same one. */
export function stampedDelay(
  attemptsMade: number,
  _type?: string,
  _error?: Error,
  job?: { data?: unknown },
): number {
  const { retry, base } = stampOf(job?.data);
  const policy = {
    baseDelayMs: retry.base_ms,
    factor: retry.factor,
    maxDelayMs: retry.max_ms,
    jitter: retry.jitter,
  };
  return computeDelay(policy, base + attemptsMade);
}

const FALLBACK: RetryStamp = { attempts: 1, base_ms: 1000, factor: 2, max_ms: 30_000, jitter: 0 };

function stampOf(data: unknown): { retry: RetryStamp; base: number } {
  if (typeof data !== 'object' || data === null || !('retry' in data)) return { retry: FALLBACK, base: 0 };
  const stamp = RetryStamp.safeParse(data.retry);
  const base =
    'delivery_attempts' in data && typeof data.delivery_attempts === 'number' ? data.delivery_attempts : 0;
  return { retry: stamp.success ? stamp.data : FALLBACK, base };
}

async function closeMailbox({ queue, deadLetters, receiver }: Mailbox): Promise<void> {
  receiver?.arrivals.stop();
  await Promise.allSettled([queue?.close(), deadLetters?.close(), receiver?.worker.close(true)]);
}
