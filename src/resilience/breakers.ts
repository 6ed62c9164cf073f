import { systemClock, type Clock } from '../kernel/clock.ts';
import { FleetError } from '../kernel/errors.ts';
import { breakerConfig, type BreakerConfig, type BreakerSettings } from './breaker-config.ts';
import { Breaker, type BreakerHooks, type BreakerSnapshot } from './breaker.ts';

export interface BreakersOptions extends BreakerHooks {
  /** Common to all circuits; `workflow.error_handling.circuit_breaker` fits. */
  readonly config?: BreakerSettings;
  readonly clock?: Clock;
}

export interface Breakers {
  /**
   * The circuit of this name, made on first use.
   *
   * @param overrides  settings of this circuit alone; a later call may repeat them or leave them out
   * Errors: circuit_config_invalid, circuit_config_conflict (both invalid_input)
   */
  get(name: string, overrides?: BreakerSettings): Breaker;
  /** Every circuit, in the order of first use. */
  list(): BreakerSnapshot[];
  stop(): void;
}

/** The circuits of this process, by name. */
export function createBreakers(options: BreakersOptions = {}): Breakers {
  const { config = {}, clock = systemClock, ...hooks } = options;
  const breakers = new Map<string, Breaker>();
  breakerConfig('common', config);

  return {
    get(name, overrides) {
      const existing = breakers.get(name);
      if (existing !== undefined) {
        if (overrides !== undefined) assertSame(existing, breakerConfig(name, config, overrides));
        return existing;
      }
      const breaker = new Breaker(name, breakerConfig(name, config, overrides), hooks, clock);
      breakers.set(name, breaker);
      return breaker;
    },
    list: () => [...breakers.values()].map((breaker) => breaker.snapshot()),
    stop() {
      for (const breaker of breakers.values()) breaker.stop();
    },
  };
}

function assertSame(existing: Breaker, wanted: BreakerConfig): void {
  const keys = Object.keys(wanted) as (keyof BreakerConfig)[]; // strictObject: exactly its own keys
  const different = keys.filter((key) => existing.config[key] !== wanted[key]);
  if (different.length === 0) return;
  throw new FleetError({
    code: 'circuit_config_conflict',
    kind: 'invalid_input',
    message: `circuit "${existing.name}" already exists with other settings: ${different.join(', ')}`,
    details: { name: existing.name, different },
  });
}
