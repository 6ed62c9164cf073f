import { Worker, type Processor, type WorkerOptions } from 'bullmq';
import { SHUTDOWN_REASON } from '../agents/processor.ts';
import { toFleetError } from '../kernel/errors.ts';
import type { Logger } from '../observability/logger.ts';

export interface QueueWorkerOptions {
  readonly queue: string;
  readonly processor: Processor;
  readonly options: WorkerOptions;
  readonly log: Logger;
  /** Called for each Worker that is made. */
  readonly onMade: (worker: Worker) => void;
}

/** A worker of a queue that can rest, and that is made anew when it has ended by itself. */
export class QueueWorker {
  readonly #made: QueueWorkerOptions;
  #worker: Worker;
  #isStarted = false;
  #hasEnded = false;
  #isStopping = false;
  /** The rest that is under way, and when what is active then goes back. */
  #resting: Promise<void> | undefined;
  #overdue: NodeJS.Timeout | undefined;
  /** All rests that were ever begun. */
  #quiet: Promise<unknown> = Promise.resolve();

  constructor(options: QueueWorkerOptions) {
    this.#made = options;
    this.#worker = this.#make();
  }

  get queue(): string {
    return this.#made.queue;
  }

  get concurrency(): number {
    return this.#worker.concurrency;
  }

  /** Whether it takes jobs. */
  get isRunning(): boolean {
    return !this.#hasEnded && this.#worker.isRunning() && !this.#worker.isPaused();
  }

  start(): void {
    this.#isStarted = true;
    this.#hasEnded = false;
    this.#worker.run().then(
      () => undefined,
      (error: unknown) => {
        this.#hasEnded = true;
        this.#made.log.error({ queue: this.queue, reason: toFleetError(error).message }, 'worker loop ended');
      },
    );
  }

  async ready(): Promise<void> {
    await this.#worker.waitUntilReady();
  }

  /** Take jobs, or take them again, with a new Worker where the old one has ended. */
  resume(): void {
    if (this.#isStopping || this.isRunning) return;
    // What it takes from now on is not given back for the sake of an earlier rest.
    clearTimeout(this.#overdue);
    this.#resting = undefined;
    if (!this.#isStarted) {
      this.start();
      return;
    }
    if (!this.#hasEnded && this.#worker.isPaused()) {
      void this.#worker.resume();
      return;
    }
    const old = this.#worker;
    void old.close(true).catch(() => undefined);
    this.#worker = this.#make();
    this.start();
  }

  /**
   * Take no jobs until `resume`; what is active after `graceMs` goes back to its queue without losing an attempt. During
   * a rest the last one who asks says how long that may take.
   */
  async rest(graceMs: number): Promise<void> {
    if (this.#isStopping) return;
    clearTimeout(this.#overdue);
    this.#overdue = setTimeout(() => this.giveBack(), graceMs);
    this.#resting ??= this.#pause();
    await this.#resting;
  }

  #pause(): Promise<void> {
    const pausing = this.#worker.pause().finally(() => {
      if (this.#resting !== pausing) return;
      clearTimeout(this.#overdue);
      this.#resting = undefined;
    });
    this.#quiet = Promise.allSettled([this.#quiet, pausing]);
    return pausing;
  }

  /** Take no jobs any more; returns when none is active. */
  async close(): Promise<void> {
    this.#isStopping = true;
    // Pausing connects anew in the end, which must not meet the closing.
    await this.#quiet;
    await this.#worker.close();
  }

  giveBack(): void {
    this.#worker.cancelAllJobs(SHUTDOWN_REASON);
  }

  #make(): Worker {
    const { queue, processor, options, onMade } = this.#made;
    const worker = new Worker(queue, processor, { ...options, autorun: false });
    onMade(worker);
    return worker;
  }
}
