import { z } from 'zod';
import { IsoTime } from './identifiers.ts';

export const BreakerName = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,128}$/, 'expected 1 to 128 letters, digits, "_", "." or "-"');

const Count = z.int().nonnegative();

/** A circuit breaker as the fleet knows it. */
export const BreakerView = z
  .strictObject({
    name: BreakerName,
    state: z.enum(['closed', 'open', 'half_open']),
    /** `shared`: this is what Redis knows. A process that cannot reach it decides alone meanwhile. */
    mode: z.enum(['shared', 'local']),
    state_changed_at: IsoTime.nullable(),
    /** When it left closed; null while it is closed. */
    first_opened_at: IsoTime.nullable(),
    /** How long calls are refused; null when the next one is permitted. */
    retry_after_ms: z.int().positive().nullable(),
    /** In a row, while closed. */
    failures: Count,
    /** Of trial calls, while half open. */
    successes: Count,
    /** Trial calls without a result. */
    trials: Count,
    recovery_overdue: z.boolean(),
    /** Fallbacks answer in place of its calls. */
    degraded: z.boolean(),
    counters: z.strictObject({
      /** Calls of the last days, by how they ended. */
      calls: z.strictObject({
        success: Count,
        failure: Count,
        timeout: Count,
        rejected: Count,
        ignored: Count,
      }),
      /** `closed>open` and its like. */
      transitions: z.record(z.string(), Count),
      state_seconds: z.strictObject({ closed: z.number(), open: z.number(), half_open: z.number() }),
    }),
    config: z.strictObject({
      enabled: z.boolean(),
      failure_threshold: z.int(),
      timeout_seconds: z.number(),
      recovery_timeout_seconds: z.number(),
      half_open_max_calls: z.int(),
      success_threshold: z.int(),
      failure_window_seconds: z.number(),
      call_timeout_ms: z.int().nullable(),
    }),
  })
  .meta({ id: 'Breaker' });
export type BreakerView = z.infer<typeof BreakerView>;

/** What can be asked of the circuit breakers of a fleet. */
export interface BreakerOperations {
  /** Sorted by name. */
  listBreakers(): Promise<BreakerView[]>;
  /** Errors: breaker_not_found. */
  getBreaker(name: string): Promise<BreakerView>;
  /** Closed again, whatever happened. Errors: breaker_not_found. */
  resetBreaker(name: string): Promise<BreakerView>;
  /** Refuses calls for one open period from now. Errors: breaker_not_found. */
  openBreaker(name: string): Promise<BreakerView>;
}
