import type { EmitOptions } from './agent.ts';
import { appendToken } from '../primitives/durable/token-stream.ts';
import type { JobLock } from '../primitives/durable/commit-step.ts';
import type { RedisStore } from '../redis/store.ts';
import type { Logger } from '../observability/logger.ts';

/** What comes within this time after a piece was written travels together. */
const GATHER_MS = 25;
/** A writer so far behind has lost Redis; the text itself is in the step's output. */
const MOST_PENDING_CHARS = 1_048_576;

export interface TokenWriterOptions {
  readonly store: RedisStore;
  readonly runId: string;
  readonly step: string;
  /** How often the step has been started, this time included. */
  readonly attempt: number;
  /** Something of this step may have been read before. */
  readonly isRepeated: boolean;
  readonly lock: JobLock;
  /** Nothing is written any more once it aborts. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly onFirst: () => void;
}

/**
 * Writes the text of a step while it is made. The handler never waits for it and never fails by it: the first piece
 * goes at once, one write is under way at a time, and what comes meanwhile goes together with the next. When the job
 * belongs to another worker, or Redis does not answer, the rest is left out.
 */
export class TokenWriter {
  readonly #options: TokenWriterOptions;
  #pending = '';
  #seq = 0;
  #isStopped = false;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #hasBegun = false;
  /** The next piece begins the text anew. */
  #isReset: boolean;
  /** The next piece says that what was there before may not be told. */
  #isBlocked = false;

  constructor(options: TokenWriterOptions) {
    this.#options = options;
    this.#isReset = options.isRepeated;
  }

  emit(text: string, { anew = false, blocked = false }: EmitOptions = {}): void {
    if (this.#isStopped || this.#options.signal.aborted) return;
    if (anew) this.#forget(blocked);
    if (text === '') return;
    if (!this.#hasBegun) this.#options.onFirst();
    const isFirst = !this.#hasBegun;
    this.#hasBegun = true;
    this.#pending += text;
    if (this.#pending.length > MOST_PENDING_CHARS) return this.stop();
    if (isFirst) this.#flush();
    else if (this.#writing === undefined) this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  /** What waits is not written any more; when something was, the next piece says that it is void. */
  #forget(blocked: boolean): void {
    this.#pending = '';
    if (this.#seq > 0 || blocked) this.#isReset = true;
    if (blocked) this.#isBlocked = true;
  }

  /** The result is recorded: say that the text is complete, if there was any. */
  async finish(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
    if (!this.#hasBegun || this.#isStopped) return;
    clearTimeout(this.#timer);
    await this.#write(true);
    this.#isStopped = true;
  }

  /** The attempt is over, or lost: nothing of it is written any more. */
  stop(): void {
    this.#isStopped = true;
    this.#pending = '';
    clearTimeout(this.#timer);
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#isStopped || this.#pending === '') return;
    this.#writing = this.#writeOn();
  }

  async #writeOn(): Promise<void> {
    await this.#write(false);
    this.#writing = undefined;
    if (this.#pending !== '' && !this.#isStopped) this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  async #write(isFinal: boolean): Promise<void> {
    const { store, runId, step, attempt, lock, signal, log } = this.#options;
    if (signal.aborted) return this.stop();
    const seq = this.#seq++;
    const piece = {
      step,
      attempt,
      seq,
      text: this.#pending,
      isReset: this.#isReset,
      isBlocked: this.#isBlocked,
      isFinal,
    };
    this.#pending = '';
    this.#isReset = false;
    this.#isBlocked = false;
    try {
      if (!(await appendToken(store, runId, lock, piece))) this.stop();
    } catch (error) {
      log.debug({ workflow_id: runId, step, err: error }, 'the rest of a text is not streamed');
      this.stop();
    }
  }
}
