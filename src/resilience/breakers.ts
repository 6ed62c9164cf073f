import { systemClock, type Clock } from '../kernel/clock.ts';
import { FleetError } from '../kernel/errors.ts';
import { breakerConfig, type BreakerConfig, type BreakerSettings } from './breaker-config.ts';
import { Breaker, type BreakerHooks, type BreakerSnapshot } from './breaker.ts';
import type { CircuitAuthority, CircuitListener } from './circuit-authority.ts';
import { LocalAuthority } from './local-authority.ts';

export interface BreakersOptions extends BreakerHooks {
  /** Common to all circuits; `workflow.error_handling.circuit_breaker` fits. */
  readonly config?: BreakerSettings;
  /** By name, over what the code asks for; `circuits` of the configuration fits. */
  readonly circuits?: Readonly<Record<string, BreakerSettings>>;
  readonly clock?: Clock;
}

/** Where the decisions are made; the default is this process. */
export interface BreakerAuthorities {
  open(name: string, config: BreakerConfig, listener: CircuitListener): CircuitAuthority;
  /** Told of every call that ended or was refused. */
  countCall?(name: string, outcome: Parameters<NonNullable<BreakerHooks['onCall']>>[0]['outcome']): void;
  /** Errors: backend_unavailable */
  remove?(name: string): Promise<void>;
  stop?(): Promise<void>;
}

export interface Breakers {
  /**
   * The circuit of this name, made on first use.
   *
   * @param overrides  settings of this circuit alone; a later call may repeat them or leave them out
   * Errors: circuit_config_invalid, circuit_config_conflict (both invalid_input)
   */
  get(name: string, overrides?: BreakerSettings): Breaker;
  /** Every circuit of this process, in the order of first use, as the process knows it. */
  list(): BreakerSnapshot[];
  /**
   * Forget a circuit with its state and counts, for everybody who shares it.
   * @returns whether this process had it; errors: backend_unavailable where it is shared
   */
  remove(name: string): Promise<boolean>;
  /** No circuit lets calls through any more; what was counted is written down. */
  stop(): Promise<void>;
}

/**
 * Circuits by name: those of this process alone, unless `authorities` say otherwise.
 * Errors: circuit_config_invalid
 */
export function createBreakers(options: BreakersOptions = {}, authorities?: BreakerAuthorities): Breakers {
  const { config = {}, circuits = {}, clock = systemClock, ...given } = options;
  const hooks: BreakerHooks =
    authorities?.countCall === undefined
      ? given
      : {
          ...given,
          onCall(call) {
            authorities.countCall?.(call.name, call.outcome);
            given.onCall?.(call);
          },
        };
  const breakers = new Map<string, Breaker>();
  let stopping: Promise<void> | undefined;
  breakerConfig('common', config);
  for (const [name, own] of Object.entries(circuits)) breakerConfig(name, config, own);
  const configOf = (name: string, overrides: BreakerSettings = {}): BreakerConfig =>
    breakerConfig(name, config, { ...overrides, ...circuits[name] });

  return {
    get(name, overrides) {
      const existing = breakers.get(name);
      if (existing !== undefined) {
        if (overrides !== undefined) assertSame(existing, configOf(name, overrides));
        return existing;
      }
      const own = configOf(name, overrides);
      const breaker = new Breaker(name, own, hooks, (listener) =>
        authorities === undefined
          ? new LocalAuthority(name, own, clock, listener)
          : authorities.open(name, own, listener),
      );
      breakers.set(name, breaker);
      return breaker;
    },
    list: () => [...breakers.values()].map((breaker) => breaker.snapshot()),
    async remove(name) {
      const breaker = breakers.get(name);
      breakers.delete(name);
      breaker?.stop();
      await authorities?.remove?.(name);
      return breaker !== undefined;
    },
    stop() {
      for (const breaker of breakers.values()) breaker.stop();
      return (stopping ??= authorities?.stop?.() ?? Promise.resolve());
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
