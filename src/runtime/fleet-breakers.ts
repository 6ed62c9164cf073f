import type { Config } from '../../config/schema.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { RedisClient } from '../redis/connect.ts';
import type { BreakerHooks } from '../resilience/breaker.ts';
import type { BreakerSettings } from '../resilience/breaker-config.ts';
import { createBreakers, type Breakers } from '../resilience/breakers.ts';
import type { BreakerState } from '../resilience/breaker-rules.ts';
import type { CircuitStore } from '../resilience/shared/circuit-store.ts';
import { createSharedBreakers } from '../resilience/shared/shared-breakers.ts';

export interface BreakerParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: Metrics;
}

/** The circuits that all processes of the fleet share. */
export function openFleetBreakers(
  parts: BreakerParts,
  connections: { readonly redis: RedisClient; readonly subscriber: RedisClient },
): Breakers {
  const { config, clock } = parts;
  return createSharedBreakers({
    ...connections,
    prefix: config.redis.key_prefix,
    ...settingsOf(config),
    clock,
    ...hooksOf(parts),
  });
}

/** Circuits of a process that belongs to no fleet. */
export function openOwnBreakers(parts: BreakerParts): Breakers {
  return createBreakers({ ...settingsOf(parts.config), clock: parts.clock, ...hooksOf(parts) });
}

function settingsOf({ workflow, circuits }: Config) {
  // zod leaves no undefined where a setting was absent.
  return {
    config: workflow.error_handling.circuit_breaker,
    circuits: circuits as Readonly<Record<string, BreakerSettings>>,
  };
}

function hooksOf({ log, metrics }: BreakerParts): BreakerHooks {
  return {
    // Counted and logged by the process that brought it about; the gauges are read from Redis.
    onTransition({ name, from, to, isOwn }) {
      if (!isOwn) return;
      metrics?.circuit_transitions_total.inc({ name, from, to });
      log.warn({ circuit: name, from, to }, 'circuit changed its state');
    },
    onCall({ name, outcome, durationMs }) {
      metrics?.circuit_calls_total.inc({ name, outcome });
      if (outcome !== 'rejected') metrics?.circuit_call_duration_seconds.observe({ name }, durationMs / 1000);
    },
    onDegradedChange({ name, isDegraded, isOwn }) {
      if (!isOwn) return;
      if (isDegraded) log.warn({ circuit: name }, 'fallbacks answer for a circuit');
      else log.info({ circuit: name }, 'fallbacks answer no longer for a circuit');
    },
    onRecoveryOverdue({ name, openForMs }) {
      log.error({ circuit: name, open_for_ms: openForMs }, 'circuit has not recovered in time');
    },
    onModeChange({ name, mode, cause }) {
      if (mode === 'local') log.warn({ circuit: name, err: cause }, 'circuit decides alone: Redis is away');
      else log.info({ circuit: name }, 'circuit is shared again');
    },
  };
}

const STATE_NUMBERS: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 };

/** Gauges of circuits, read from Redis at each scrape: every process shows the state of the fleet. */
export function exportCircuits(circuits: CircuitStore, metrics: Metrics): void {
  /** Counters only grow by differences. */
  const seconds = new Map<string, number>();
  metrics.onScrape(async () => {
    const all = await circuits.list();
    for (const gauge of [metrics.circuit_state, metrics.circuit_degraded, metrics.circuit_recovery_overdue])
      gauge.clear();
    for (const circuit of all) {
      const { name } = circuit;
      metrics.circuit_state.set({ name }, STATE_NUMBERS[circuit.state]);
      metrics.circuit_degraded.set({ name }, Number(circuit.isDegraded));
      metrics.circuit_recovery_overdue.set({ name }, Number(circuit.isRecoveryOverdue));
      for (const [state, total] of Object.entries(circuit.stateSeconds)) {
        const key = `${name} ${state}`;
        metrics.circuit_state_seconds_total.inc(
          { name, state },
          Math.max(0, total - (seconds.get(key) ?? 0)),
        );
        seconds.set(key, Math.max(total, seconds.get(key) ?? 0));
      }
    }
    // Nobody calls it any more, so nobody else finds out.
    const untold = all.filter(({ isRecoveryOverdue, isOverdueTold }) => isRecoveryOverdue && !isOverdueTold);
    for (const { name } of untold) await circuits.look(name, '');
  });
}
