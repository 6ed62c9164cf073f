import type { SafetyLevel, Stage, ValidationResult } from '../../contracts/safety.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Lifecycle } from '../../kernel/lifecycle.ts';
import type { Metrics } from '../../observability/metrics.ts';
import type { RedisStore } from '../../redis/store.ts';
import { countSafety } from './stats.ts';

export interface SafetyTallyOptions {
  readonly store: RedisStore;
  readonly clock: Clock;
  readonly metrics?: Pick<
    Metrics,
    'safety_validations_total' | 'safety_validation_duration_seconds' | 'safety_suppressed_total'
  >;
  /** Called when counts could not be written; they are kept for the next time. */
  readonly onError?: (error: unknown) => void;
  /** Default 1 s. */
  readonly everyMs?: number;
}

const EVERY_MS = 1_000;

/**
 * Counts every text that was judged, in this process, and adds it to the hour once a second: nothing waits for it. A
 * process that is killed loses the counts of its last second.
 */
export class SafetyTally implements Lifecycle {
  readonly #options: SafetyTallyOptions;
  #counts = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;

  constructor(options: SafetyTallyOptions) {
    this.#options = options;
  }

  /** @param durationMs  time that judging took */
  judged(
    { level, audit }: Pick<ValidationResult, 'level' | 'audit'>,
    stage: Stage,
    durationMs: number,
  ): void {
    const { metrics } = this.#options;
    this.#add(`text:${stage}:${level}` satisfies `text:${Stage}:${SafetyLevel}`);
    metrics?.safety_validations_total.inc({ stage, level });
    metrics?.safety_validation_duration_seconds.observe({ stage }, durationMs / 1000);
    for (const entry of audit ?? []) {
      const reason = entry['reason'];
      if (entry.event !== 'match.suppressed' || typeof reason !== 'string') continue;
      metrics?.safety_suppressed_total.inc({ reason });
    }
  }

  /** Something else of the hour; see stats.ts for the names. */
  count(field: string, n = 1): void {
    this.#add(field, n);
  }

  async start(): Promise<void> {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => void this.flush(), this.#options.everyMs ?? EVERY_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#flushing;
    await this.flush();
  }

  /** Never fails. */
  async flush(): Promise<void> {
    this.#flushing ??= this.#write().finally(() => (this.#flushing = undefined));
    await this.#flushing;
  }

  async #write(): Promise<void> {
    const { store, clock, onError } = this.#options;
    if (this.#counts.size === 0) return;
    const counts = this.#counts;
    this.#counts = new Map();
    try {
      await countSafety(store, Object.fromEntries(counts), clock.now());
    } catch (error) {
      for (const [field, n] of counts) this.#add(field, n);
      onError?.(error);
    }
  }

  #add(field: string, n = 1): void {
    this.#counts.set(field, (this.#counts.get(field) ?? 0) + n);
  }
}
