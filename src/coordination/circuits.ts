import { untilAborted } from '../kernel/abort.ts';
import { closeRedis, openOwnRedis, type RedisClient } from '../redis/connect.ts';
import type { BreakerHooks } from '../resilience/breaker.ts';
import { breakerConfig, type BreakerSettings } from '../resilience/breaker-config.ts';
import type { Breakers } from '../resilience/breakers.ts';
import { createSharedBreakers } from '../resilience/shared/shared-breakers.ts';
import type { CoordinationCore } from './core.ts';
import { CoordinationClosedError } from './errors.ts';
import type { Clock, ConnectionInput } from './ports.ts';
import type { CallGuard } from './supervision/agent-runner.ts';

export interface CircuitOptions {
  /** Common to all circuits, as in `workflow.error_handling.circuit_breaker`. */
  readonly config?: BreakerSettings;
  /** By name, over the common ones and over what the code asks for. */
  readonly circuits?: Readonly<Record<string, BreakerSettings>>;
  /** Whether an error speaks against the other side. Default: unless it says that the input was wrong. */
  readonly isFailure?: (error: unknown) => boolean;
}

export interface CircuitParts {
  readonly core: CoordinationCore;
  readonly connection: ConnectionInput;
  readonly clock?: Clock;
}

const NAMES = {
  calls: 'agent_orchestration_circuit_calls_total',
  durations: 'agent_orchestration_circuit_call_duration_seconds',
  transitions: 'agent_orchestration_circuit_transitions_total',
} as const;

/**
 * The circuits that all processes on this Redis and prefix share. Nothing connects before the first of them is asked for.
 * Errors: circuit_config_invalid (invalid_input)
 */
export function openCircuits(
  { core, connection, clock }: CircuitParts,
  options: CircuitOptions = {},
): Breakers {
  assertSettings(options);
  const { keys, logger } = core;
  let subscriber: RedisClient | undefined;
  let opened: Breakers | undefined;
  let stopping: Promise<void> | undefined;
  const breakers = (): Breakers => {
    if (stopping !== undefined) throw new CoordinationClosedError('a circuit');
    subscriber ??= openOwnRedis(connection, `${keys.prefix}:circuits`, (error) =>
      logger.debug({ err: error }, 'the connection has an error'),
    );
    opened ??= createSharedBreakers({
      ...options,
      ...(clock === undefined ? {} : { clock }),
      ...hooksOf(core),
      redis: core.redis,
      subscriber,
      prefix: keys.prefix,
    });
    return opened;
  };
  const stop = async (): Promise<void> => {
    await opened?.stop();
    if (subscriber !== undefined) await closeRedis(subscriber);
  };
  return {
    get: (name, overrides) => breakers().get(name, overrides),
    list: () => opened?.list() ?? [],
    remove: (name) => breakers().remove(name),
    stop: () => (stopping ??= stop()),
  };
}

/** Every call of an agent passes the circuit of its type, `agent.<type>`; one that takes too long counts against it. */
export function agentCircuits(circuits: Breakers, timeoutMsOf: (type: string) => number): CallGuard {
  return async (agent, work, signal) => {
    // The consumer ends a call in time. To the circuit that is a failure of the agent; any other abort says nothing of it.
    const given = new AbortController();
    const onAbort = (): void => {
      if (!isTimeout(signal.reason)) given.abort(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await circuits
        .get(`agent.${agent.type}`)
        .execute((inner) => untilAborted(work(AbortSignal.any([inner, signal])), signal), {
          signal: given.signal,
          timeoutMs: timeoutMsOf(agent.type) + SPARE_MS,
        });
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  };
}

/** The limit of the consumer comes first. */
const SPARE_MS = 1000;

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError';
}

/** What is wrong must be said when the parts are put together, and not at the first call. */
function assertSettings({ config = {}, circuits = {} }: CircuitOptions): void {
  breakerConfig('common', config);
  for (const [name, own] of Object.entries(circuits)) breakerConfig(name, config, own);
}

function hooksOf({ metrics, logger }: CoordinationCore): BreakerHooks {
  return {
    onTransition({ name, from, to, isOwn }) {
      if (!isOwn) return;
      metrics.inc(NAMES.transitions, { name, from, to });
      logger.warn({ circuit: name, from, to }, 'circuit changed its state');
    },
    onCall({ name, outcome, durationMs }) {
      metrics.inc(NAMES.calls, { name, outcome });
      if (outcome !== 'rejected') metrics.observe(NAMES.durations, durationMs / 1000, { name });
    },
    onModeChange({ name, mode }) {
      if (mode === 'local') logger.warn({ circuit: name }, 'circuit decides alone: Redis is away');
      else logger.info({ circuit: name }, 'circuit is shared again');
    },
    onRecoveryOverdue({ name, openForMs }) {
      logger.error({ circuit: name, open_for_ms: openForMs }, 'circuit has not recovered in time');
    },
  };
}
