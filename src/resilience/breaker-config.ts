import { z } from 'zod';
import { FleetError } from '../kernel/errors.ts';

/** The settings of one circuit, written as in `workflow.error_handling.circuit_breaker`. */
export const BreakerConfig = z
  .strictObject({
    /** False lets every call through; calls are still counted. */
    enabled: z.boolean().default(true),
    failure_threshold: z.int().min(1).max(100).default(5),
    /** How long an open circuit refuses calls. */
    timeout_seconds: z.number().min(1).max(3600).default(60),
    recovery_timeout_seconds: z.number().min(1).max(7200).default(300),
    half_open_max_calls: z.int().min(1).max(20).default(3),
    success_threshold: z.int().min(1).max(10).default(2),
    /** A count of failures lapses after so long without a failure. */
    failure_window_seconds: z.number().min(1).max(3600).default(60),
    /** The longest any call may take, whatever its caller allows; null: as long as the caller says. */
    call_timeout_ms: z.int().min(1).max(3_600_000).nullable().default(null),
  })
  .refine((config) => config.success_threshold <= config.half_open_max_calls, {
    path: ['success_threshold'],
    message: 'must not exceed half_open_max_calls',
  })
  .refine((config) => config.recovery_timeout_seconds >= config.timeout_seconds, {
    path: ['recovery_timeout_seconds'],
    message: 'must not be less than timeout_seconds',
  });
export type BreakerConfig = Readonly<z.output<typeof BreakerConfig>>;
export type BreakerSettings = Readonly<z.input<typeof BreakerConfig>>;

const NAME = /^[A-Za-z0-9_.-]{1,128}$/;

/**
 * The settings of the circuit `name`: the common ones with its own over them.
 * Errors: circuit_config_invalid (invalid_input) with every problem
 */
export function breakerConfig(
  name: string,
  common: BreakerSettings,
  own: BreakerSettings = {},
): BreakerConfig {
  if (!NAME.test(name)) {
    throw invalid(`a circuit cannot be named "${name}": expected 1 to 128 letters, digits, "_", "." or "-"`);
  }
  const result = BreakerConfig.safeParse({ ...common, ...own });
  if (result.success) return result.data;
  const reasons = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw invalid(`the settings of the circuit "${name}" are wrong: ${reasons.join('; ')}`);
}

function invalid(message: string): FleetError {
  return new FleetError({ code: 'circuit_config_invalid', kind: 'invalid_input', message });
}
