import { loadConfig } from '../../config/load.ts';
import { LOCAL_OPERATOR } from '../contracts/caller.ts';
import type { FleetOperations } from '../contracts/operations.ts';
import type { RunView } from '../contracts/run.ts';
import type { StartRun } from '../contracts/turn.ts';
import type { RunExplanation } from '../contracts/why.ts';
import { createMetrics } from '../observability/metrics.ts';
import { definitionsOf, type NamedPlan } from '../workflows/as-definition.ts';
import { operateFleet } from './operate-fleet.ts';
import { createFleetLog, instanceName } from './fleet-log.ts';
import { requireRedisUrl } from './redis-url.ts';
import { workedQueues, type WorkerQueue } from './run-role.ts';
import { VERSION } from './version.ts';
import { startWorkerRole } from './worker-role.ts';

export interface PlanFleetOptions {
  /** What this process knows beside the product's own workflows. Their steps go to `ipa`, `wba` or `nga`. */
  readonly plans: readonly NamedPlan[];
  /** Configuration by key path, as on the command line of `ao`: over the file and the environment. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface PlanWorkersOptions extends PlanFleetOptions {
  /** What this process works on; default everything. Who owns `flow` also watches over runs. */
  readonly queues?: readonly WorkerQueue[];
}

export interface PlanWorkers extends AsyncDisposable {
  /** Takes no new work, waits for what is active, and returns when it is quiet; safe to call twice. */
  stop(): Promise<void>;
}

export type RunRequest = Pick<StartRun, 'timeout_s' | 'priority' | 'metadata' | 'version'>;

/** Starts runs and tells how they went. A plan is meant by its name. */
export interface PlanRuns {
  /** @returns the run's id. Errors: workflow_not_found, validation_failed, too_many_runs */
  start(plan: string | { readonly name: string }, input: unknown, request?: RunRequest): Promise<string>;
  /** Waits for the end of a run, as long as the signal allows. Errors: run_not_found */
  ended(runId: string, signal?: AbortSignal): Promise<RunView>;
  /** Deliver what a run waits for. Errors: signal_unknown, signal_invalid, run_not_signalable */
  signal(runId: string, name: string, payload: unknown): Promise<RunView>;
  /** Errors: run_not_cancellable */
  cancel(runId: string, reason?: string): Promise<RunView>;
  /** Why a run is where it is. */
  why(runId: string): Promise<RunExplanation>;
}

export interface PlanFleet extends PlanRuns, AsyncDisposable {
  /** Starts a run and waits for its end; a failure is a value here. */
  run(
    plan: string | { readonly name: string },
    input: unknown,
    request?: RunRequest & { readonly signal?: AbortSignal },
  ): Promise<RunView>;
  close(): Promise<void>;
}

/**
 * Workers of a fleet that know plans of one's own, in this process.
 *
 * Errors: redis_not_configured, redis_unavailable (unavailable); invalid_workflow (invalid_input); config_invalid
 */
export async function startPlanWorkers(options: PlanWorkersOptions): Promise<PlanWorkers> {
  const role = await startWorkerRole({
    ...partsOf(options, 'worker'),
    queues: workedQueues(options.queues ?? ['ipa', 'wba', 'nga', 'flow']),
    instance: instanceName(),
  });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= role.stop());
  return { stop, [Symbol.asyncDispose]: stop };
}

/**
 * A fleet reached directly at its Redis, to start and follow runs of plans of one's own. It works on nothing.
 *
 * Errors: redis_not_configured, redis_unavailable (unavailable); invalid_workflow (invalid_input); config_invalid
 */
export async function openPlanFleet(options: PlanFleetOptions): Promise<PlanFleet> {
  const fleet = await operateFleet(partsOf(options, 'plans'));
  const runs = runsBy(fleet.operations);
  return {
    ...runs,
    run: async (plan, input, { signal, ...request } = {}) =>
      runs.ended(await runs.start(plan, input, request), signal),
    close: () => fleet.close(),
    [Symbol.asyncDispose]: () => fleet.close(),
  };
}

/** Operations without their callers: whoever reaches Redis may do everything. */
export function runsBy(operations: FleetOperations): PlanRuns {
  return {
    async start(plan, input, request = {}) {
      const name = typeof plan === 'string' ? plan : plan.name;
      const submitted = await operations.startRun(name, { input, wait_ms: 0, ...request }, LOCAL_OPERATOR);
      if (submitted.done) throw new TypeError('a run that nobody waited for cannot be done');
      return submitted.accepted.run_id;
    },
    async ended(runId, signal = new AbortController().signal) {
      for await (const event of operations.runEvents(runId, { signal }, LOCAL_OPERATOR)) void event;
      return operations.getRun(runId, LOCAL_OPERATOR);
    },
    signal: (runId, name, payload) => operations.signalRun(runId, name, payload, LOCAL_OPERATOR),
    cancel: (runId, reason) =>
      operations.cancelRun(runId, reason === undefined ? {} : { reason }, LOCAL_OPERATOR),
    why: (runId) => operations.whyRun(runId, LOCAL_OPERATOR),
  };
}

function partsOf({ plans, settings = {} }: PlanFleetOptions, role: string) {
  const config = loadConfig({ overrides: settings });
  return {
    config,
    redisUrl: requireRedisUrl(config),
    log: createFleetLog(config, role, instanceName()),
    metrics: createMetrics({ role, version: VERSION }),
    plans: definitionsOf(plans),
  };
}
