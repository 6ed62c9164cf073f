import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisQueueBackend, Worker } from 'bullmq';
import type { RedisClient } from '../../redis/connect.ts';

/** A wait ends after this long, and whoever waits looks for itself. */
const LONGEST_WAIT_MS = 1000;
/** Delays are looked at this much after they are due, for clocks that differ a little. */
const DUE_MARGIN_MS = 2;
const AFTER_ERROR_MS = 100;
/** BullMQ orders delayed jobs by time and a counter of 12 bits. */
const DELAY_SCALE = 0x1000;

/**
 * Tells those who wait for messages of one mailbox that one may have arrived. One loop on the receiver's blocking
 * connection serves all of them; it rests while nobody waits.
 */
export class Arrivals {
  readonly #worker: Worker;
  readonly #redis: RedisClient;
  readonly #waiting = new Set<() => void>();
  #isRunning = false;
  #isStopped = false;

  constructor(worker: Worker, redis: RedisClient) {
    this.#worker = worker;
    this.#redis = redis;
  }

  isAwaited(): boolean {
    return this.#waiting.size > 0;
  }

  /** Returns when a message may be there, at the latest after `ms`, and when the signal aborts. */
  async next(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted === true || this.#isStopped) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => resolve(), { once: true });
    this.#waiting.add(resolve);
    if (!this.#isRunning) void this.#run();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(resolve);
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      while (this.#waiting.size > 0 && !this.#isStopped) {
        await this.#once();
        this.#wake();
        // Those who were woken look for a message before the next round begins.
        await sleep(0);
      }
    } finally {
      this.#isRunning = false;
    }
  }

  async #once(): Promise<void> {
    const backend = this.#worker.getBackend() as RedisQueueBackend;
    try {
      const first = await this.#redis.zrange(backend.toKey('delayed'), 0, '0', 'WITHSCORES');
      // Pairs or a flat list, by the protocol of the connection.
      const [, score] = first.flat();
      const dueIn = score === undefined ? Infinity : Number(score) / DELAY_SCALE - Date.now() + DUE_MARGIN_MS;
      const ms = Math.min(Math.max(dueIn, 1), LONGEST_WAIT_MS);
      await backend.waitForJob(ms / 1000);
    } catch {
      if (!this.#isStopped) await sleep(AFTER_ERROR_MS);
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
  }
}
