import { sleep } from '../kernel/abort.ts';
import { toFleetError, type FleetError } from '../kernel/errors.ts';
import type { Lifecycle } from '../kernel/lifecycle.ts';
import type { Logger } from '../observability/logger.ts';
import type { RedisStore } from '../redis/store.ts';
import { computeDelay } from '../resilience/backoff.ts';
import { applyEntries, type EntryOutcome, type ReadWorld } from './apply-entries.ts';
import type { Graph } from './graph-port.ts';
import type { OutboxEntry } from './outbox-entry.ts';
import { readOutbox, removeFromOutbox } from './outbox.ts';
import { releaseLease, renewLease, takeLease } from './writer-lease.ts';

/** What a round tells of itself, for metrics. */
export interface GraphObserver {
  onFailure(code: string): void;
  onBatch(outcomes: readonly EntryOutcome[], durationMs: number): void;
}

export interface OutboxConsumerOptions {
  readonly store: RedisStore;
  readonly graph: Graph;
  readonly readWorld: ReadWorld;
  /** Most entries of one transaction; fewer from a failure on, until all is caught up. */
  readonly batchSize: number;
  /** Pause between two looks at an empty outbox. */
  readonly pollMs: number;
  /** Longer than one transaction may take: until then nobody follows a consumer that died. */
  readonly leaseMs: number;
  readonly observer: GraphObserver;
  readonly log: Logger;
  /** Uniform in [0, 1). */
  readonly rng?: () => number;
}

/** `elsewhere`: another process holds the lease. */
export type RoundEnd = 'caught_up' | 'elsewhere' | 'stopped';

/** Pauses while the graph does not answer: half a second at first, half a minute at last. */
const OUTAGE = { baseDelayMs: 500, factor: 2, maxDelayMs: 30_000, jitter: 0.5 };

/**
 * Brings the outbox of worlds into the graph, entry by entry in the order of the writes. Every process may have one:
 *
 * 1. whoever takes the lease works until the outbox is empty, then gives it back
 * 2. a batch is one transaction of the graph; its entries leave the outbox when it was committed
 * 3. whoever dies in between leaves them there, and applying them again changes nothing
 * 4. when the graph does not answer everything stays as it is, and the next try comes after a growing pause
 */
export class OutboxConsumer implements Lifecycle {
  readonly #options: OutboxConsumerOptions;
  #stopping: AbortController | null = null;
  #loop: Promise<void> = Promise.resolve();
  #isPrepared = false;
  #failures = 0;
  #batchSize: number;

  constructor(options: OutboxConsumerOptions) {
    this.#options = options;
    this.#batchSize = options.batchSize;
  }

  async start(): Promise<void> {
    if (this.#stopping !== null) return;
    this.#stopping = new AbortController();
    this.#loop = this.#run(this.#stopping.signal);
  }

  /** A transaction under way is given up; what it would have written stays in the outbox. */
  async stop(): Promise<void> {
    this.#stopping?.abort(new Error('the graph consumer stops'));
    await this.#loop;
  }

  /**
   * Work until the outbox is empty.
   * Errors: graph_unavailable, graph_superseded, backend_unavailable; what was not applied is still in the outbox.
   */
  async runOnce(signal: AbortSignal = new AbortController().signal): Promise<RoundEnd> {
    const { store, leaseMs } = this.#options;
    const epoch = await takeLease(store, leaseMs);
    if (epoch === null) return 'elsewhere';
    try {
      await this.#prepare(signal);
      for (;;) {
        if (signal.aborted) return 'stopped';
        const entries = await readOutbox(store, this.#batchSize);
        if (entries.length === 0) {
          this.#batchSize = this.#options.batchSize;
          return 'caught_up';
        }
        if (!(await renewLease(store, epoch, leaseMs))) return 'elsewhere';
        await this.#applyBatch(epoch, entries, signal);
      }
    } catch (error) {
      // What a slow database cannot do in time, it may do in parts.
      this.#batchSize = Math.ceil(this.#batchSize / 2);
      this.#isPrepared = false;
      throw error;
    } finally {
      // Without Redis it lapses by itself.
      await releaseLease(store, epoch).catch(() => undefined);
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const pauseMs = await this.runOnce(signal).then(
        (end) => this.#ended(end),
        (error: unknown) => this.#failed(toFleetError(error), signal),
      );
      await sleep(pauseMs, signal).catch(() => undefined); // only stopping ends it early
    }
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    if (this.#isPrepared) return;
    await this.#options.graph.prepare(signal);
    this.#isPrepared = true;
  }

  async #applyBatch(epoch: number, entries: readonly OutboxEntry[], signal: AbortSignal): Promise<void> {
    try {
      await this.#apply(epoch, entries, signal);
    } catch (error) {
      if (toFleetError(error).code !== 'graph_refused') throw error;
      if (entries.length > 1) {
        for (const entry of entries) await this.#applyBatch(epoch, [entry], signal);
        return;
      }
      await this.#setAside(entries[0]!);
    }
  }

  async #apply(epoch: number, entries: readonly OutboxEntry[], signal: AbortSignal): Promise<void> {
    const { graph, store, readWorld, observer } = this.#options;
    const started = performance.now();
    const writer = { name: store.keys.prefix, epoch };
    const outcomes = await graph.write(
      writer,
      (transaction) => applyEntries(transaction, entries, readWorld),
      signal,
    );
    await removeFromOutbox(
      store,
      entries.map(({ id }) => id),
    );
    observer.onBatch(outcomes, performance.now() - started);
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome === 'refused') this.#warn(entries[index]!);
    }
  }

  /** Waiting would not help, and others wait behind it. Redis has the world; its next change copies it whole. */
  async #setAside(entry: OutboxEntry): Promise<void> {
    await removeFromOutbox(this.#options.store, [entry.id]);
    this.#options.observer.onBatch(['refused'], 0);
    this.#warn(entry);
  }

  #warn(entry: OutboxEntry): void {
    const worldId = entry.kind === 'unreadable' ? undefined : entry.worldId;
    this.#options.log.warn({ entry: entry.id, world_id: worldId }, 'an entry of the outbox was left out');
  }

  #ended(end: RoundEnd): number {
    const { log, pollMs } = this.#options;
    if (end === 'caught_up' && this.#failures > 0) {
      log.info({ failures: this.#failures }, 'the graph is written again');
      this.#failures = 0;
    }
    return pollMs;
  }

  #failed(failure: FleetError, signal: AbortSignal): number {
    const { log, observer, rng } = this.#options;
    if (signal.aborted) return 0;
    this.#failures += 1;
    observer.onFailure(failure.code);
    const line = { code: failure.code, reason: failure.message, failures: this.#failures };
    // Once per outage; what it costs shows in the length of the outbox.
    if (this.#failures === 1)
      log.warn(line, 'the graph is not written: changes of worlds wait in the outbox');
    else log.debug(line, 'the graph is still not written');
    return computeDelay(OUTAGE, Math.min(this.#failures, 20), rng);
  }
}
