import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'bullmq';
import type { RedisClient } from '../../redis/connect.ts';

/** After so long without a sign somebody looks all the same. */
const LONGEST_WAIT_MS = 5000;
/** Delays are looked at this much after they are due, for clocks that differ a little. */
const DUE_MARGIN_MS = 2;
const AFTER_ERROR_MS = 100;
/** BullMQ orders delayed jobs by time and a counter of 12 bits. */
const DELAY_SCALE = 0x1000;

/**
 * Tells those who wait for messages of one mailbox that one may have arrived. One loop on the receiver's blocking
 * connection serves all of them; it rests while nobody waits. Each sign wakes one of them, and who finds a message
 * wakes the next: a hundred who wait do not all look for one message.
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

  /** Somebody found a message; there may be more. */
  pass(): void {
    this.#wakeOne();
  }

  /** Returns when a message may be there, at the latest after `ms`, and when the signal aborts. */
  async next(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted === true || this.#isStopped) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    const abort = (): void => resolve();
    signal?.addEventListener('abort', abort, { once: true });
    this.#waiting.add(resolve);
    if (!this.#isRunning) void this.#run();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      this.#waiting.delete(resolve);
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const resolve of this.#waiting) resolve();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      while (this.#waiting.size > 0 && !this.#isStopped) {
        await this.#once();
        this.#wakeOne();
      }
    } finally {
      this.#isRunning = false;
    }
  }

  async #once(): Promise<void> {
    const backend = this.#worker.getBackend();
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

  /** The one that has waited longest. */
  #wakeOne(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    this.#waiting.delete(first);
    first();
  }
}
