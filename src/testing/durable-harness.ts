import { pathToFileURL } from 'node:url';
import { createLogger } from '../observability/logger.ts';
import { createMetrics } from '../observability/metrics.ts';
import { operateFleet, type OperatedFleet } from '../runtime/operate-fleet.ts';
import type { Core } from '../runtime/core.ts';
import { runsBy } from '../runtime/plan-fleet.ts';
import { VERSION } from '../runtime/version.ts';
import { startWorkerRole } from '../runtime/worker-role.ts';
import { definitionsOf, type NamedPlan } from '../workflows/as-definition.ts';
import { outcomeOnFleet } from './fleet-outcome.ts';
import type { DurableHarness, DurableHarnessOptions } from './harness.ts';
import type { ProcessRole } from './kill-points.ts';
import { loadPlans } from './load-plans.ts';
import { acquireRedis, deletePrefix } from './own-redis.ts';
import { ProcessPool } from './process-pool.ts';
import { quickConfig } from './settings.ts';

/** With what the fleet stands on: its keys, its queues, its Redis. */
export interface OpenHarness extends DurableHarness {
  readonly core: Core;
}

const NO_CIRCUITS = { 'workflow.error_handling.circuit_breaker.enabled': 'false' };
const ENDS_WITHIN_MS = 60_000;
const ALL_QUEUES = ['ipa', 'wba', 'nga', 'flow', 'maintenance'] as const;

/**
 * Start a fleet for a test.
 *
 * Errors: redis_missing, redis_unavailable (unavailable); invalid_workflow (invalid_input) for a plan that no fleet can
 * run; plans_missing (invalid_input) for a module without `plans`
 */
export async function durableHarness(options: DurableHarnessOptions): Promise<OpenHarness> {
  await using opened = new AsyncDisposableStack();
  const redisUrl = options.redisUrl ?? opened.use(await acquireRedis()).url;
  const given = { ...NO_CIRCUITS, ...options.settings };
  const config = quickConfig(redisUrl, given);
  const settings = { ...given, 'redis.key_prefix': config.redis.key_prefix };
  const module = moduleOf(options.plans);
  const plans =
    module === null ? definitionsOf(options.plans as readonly NamedPlan[]) : await loadPlans(module);
  const lines: string[] = [];
  const parts = {
    config,
    redisUrl,
    log: createLogger({
      level: 'info',
      role: 'harness',
      instance: 'harness',
      version: VERSION,
      destination: { write: (line) => void lines.push(line) },
    }),
    metrics: createMetrics({ role: 'harness', version: VERSION }),
    plans,
    // Plans are tried here, not the texts of players.
    safety: null,
  };
  const fleet = await operateFleet(parts);
  opened.defer(() => fleet.close());
  opened.defer(() => deletePrefix(fleet.core.store.redis, `${config.redis.key_prefix}:`));
  let pool: ProcessPool | null = null;
  if (module === null) {
    const workers = await startWorkerRole({ ...parts, queues: ALL_QUEUES, instance: 'harness' });
    opened.defer(() => workers.stop());
  } else {
    pool = opened.use(new ProcessPool({ redisUrl, settings, plans: module }));
    const { worker = 1, coordinator = 1 } = options.processes ?? {};
    const roles = [...rolesOf('worker', worker), ...rolesOf('coordinator', coordinator)];
    await Promise.all(roles.map((role) => pool!.start(role)));
  }
  const started = opened.move();
  return {
    redisUrl,
    ...operating(fleet),
    kill: async (role, at) => processesOf(pool).kill(role, at),
    freeze: async (role, at) => processesOf(pool).freeze(role, at),
    processes: () => pool?.free() ?? [],
    logs: () => lines.join('') + (pool?.logs() ?? ''),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

function operating(
  fleet: OperatedFleet,
): Pick<OpenHarness, 'core' | 'operations' | 'start' | 'ended' | 'run'> {
  const { core, operations } = fleet;
  const runs = runsBy(operations);
  const start: DurableHarness['start'] = async (plan, input, { signals = {}, ...request } = {}) => {
    const runId = await runs.start(plan, input, request);
    for (const [name, payload] of Object.entries(signals)) await runs.signal(runId, name, payload);
    return runId;
  };
  const ended: DurableHarness['ended'] = async (runId) => {
    const view = await runs.ended(runId, AbortSignal.timeout(ENDS_WITHIN_MS));
    const definition = core.workflows.catalog.find(view.workflow, view.version)!;
    return { ...(await outcomeOnFleet(core.store, definition, view)), runId, view };
  };
  return { core, operations, start, ended, run: async (...about) => ended(await start(...about)) };
}

function moduleOf(plans: DurableHarnessOptions['plans']): string | null {
  if (plans instanceof URL) return plans.href;
  return typeof plans === 'string' ? pathToFileURL(plans).href : null;
}

function rolesOf(role: ProcessRole, count: number): ProcessRole[] {
  return Array.from({ length: count }, () => role);
}

function processesOf(pool: ProcessPool | null): ProcessPool {
  if (pool !== null) return pool;
  throw new TypeError(
    'workers in this process cannot be killed: give the module of the plans instead of a list',
  );
}
