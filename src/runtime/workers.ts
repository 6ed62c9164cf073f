import { Worker, type Job } from 'bullmq';
import { isSafetyQueue, QUEUES, type QueueName } from '../../queues/catalogue.ts';
import { keptJobs, type Retention } from '../../queues/job-options.ts';
import { workerOptions, type LockSettings } from '../../queues/worker-options.ts';
import { ActiveJobs } from '../agents/active-jobs.ts';
import type { Agent } from '../agents/agent.ts';
import { SHUTDOWN_REASON } from '../agents/processor.ts';
import { AGENT_TYPES, type AgentName } from '../contracts/agent-type.ts';
import { toFleetError } from '../kernel/errors.ts';
import type { Language } from '../models/language.ts';
import type { Cache } from '../primitives/cache/cached-call.ts';
import { makeRoundDue } from '../primitives/durable/unwatched-runs.ts';
import type { Breakers } from '../resilience/breakers.ts';
import type { Core } from './core.ts';
import { createJobProcessor, WATCHDOG_JOB } from './job-processors.ts';
import { scheduleSafetyRound, type SafetyJobs } from './safety-jobs.ts';
import { lockSettings } from './settings.ts';
import { backoffStrategy } from './worker-backoff.ts';
import { observeWorker } from './worker-metrics.ts';

/** The workers of one process, by queue. */
export interface RunningWorkers {
  readonly queues: readonly QueueName[];
  /**
   * Take no new jobs and wait for the active ones; what is still active after `graceMs` goes back to its
   * queue without losing an attempt.
   */
  stop(graceMs: number): Promise<void>;
}

export interface WorkersOptions {
  readonly core: Core;
  readonly agents: ReadonlyMap<AgentName, Agent>;
  /** The models each agent may ask; an agent without an entry has none. */
  readonly languages?: ReadonlyMap<AgentName, Language>;
  readonly queues: readonly QueueName[];
  readonly breakers: Breakers;
  readonly cache: Cache;
  readonly instance: string;
  /** Needed for the queues of the role `safety`. */
  readonly safety?: SafetyJobs;
  readonly concurrency?: number;
  /** Judges the texts of schedules; absent: nobody does. */
  readonly screenInput?: Core['workflows']['screenInput'];
}

/** Start a worker for each queue. `flow` and `maintenance` belong together. */
export async function startWorkers(options: WorkersOptions): Promise<RunningWorkers> {
  const { core } = options;
  const connection = await core.connections.open('workers', { onOutage: 'patient' });
  const activeJobs = new ActiveJobs();
  await listenForEndedRuns(core, activeJobs);
  if (options.queues.includes('maintenance')) await scheduleWatchdog(core);
  if (options.queues.includes('safety-protocol')) await scheduleSafetyRound(core);
  const workers = options.queues.map((name) => {
    const worker = new Worker(name, createJobProcessor(options, activeJobs, name), {
      connection,
      prefix: core.config.redis.bullmq_prefix,
      name: options.instance,
      autorun: false,
      concurrency: concurrencyOf(options, name),
      ...workerOptions(name, lockOf(core, name), core.workflows.settings.retention),
      settings: { backoffStrategy: backoffStrategy(core, name) },
    });
    observeWorker(core, name, worker);
    core.times.works(name, options.instance, worker.concurrency);
    keepFailedJobs(worker, name, core.workflows.settings.retention);
    return worker;
  });
  await limitFleetWide(core, options.queues);
  for (const worker of workers) {
    worker.run().catch((error: unknown) => {
      core.log.error({ queue: worker.name, reason: toFleetError(error).message }, 'worker loop ended');
    });
  }
  await Promise.all(workers.map((worker) => worker.waitUntilReady()));
  return { queues: options.queues, stop: (graceMs) => stopWorkers(core, workers, graceMs) };
}

/**
 * A producer may have asked for its job to be dropped when it fails; what was accepted never vanishes. This event
 * comes before everything else, also for a job that fails without being processed because it lost its workers.
 */
function keepFailedJobs(worker: Worker, name: QueueName, retention: Retention): void {
  worker.on('active', (job: Job) => {
    job.opts.removeOnFail = QUEUES[name].keepsFailed === true ? false : keptJobs(retention).removeOnFail;
  });
}

async function stopWorkers(core: Core, workers: readonly Worker[], graceMs: number): Promise<void> {
  const timer = setTimeout(() => {
    core.log.warn({}, 'grace is over: active jobs go back to their queues');
    for (const worker of workers) worker.cancelAllJobs(SHUTDOWN_REASON);
  }, graceMs);
  try {
    await Promise.all(workers.map((worker) => worker.close()));
  } finally {
    clearTimeout(timer);
  }
}

/** A page whose worker died must not wait for the better part of a minute; steps of agents compute for longer. */
const SAFETY_LOCK_SECONDS = 10;
const SAFETY_CHECK_SECONDS = 5;

function lockOf(core: Core, name: QueueName): LockSettings {
  const lock = lockSettings(core.config);
  if (!isSafetyQueue(name)) return lock;
  return {
    ...lock,
    lockSeconds: Math.min(lock.lockSeconds, SAFETY_LOCK_SECONDS),
    stalledIntervalSeconds: Math.min(lock.stalledIntervalSeconds, SAFETY_CHECK_SECONDS),
  };
}

function concurrencyOf(options: WorkersOptions, name: QueueName): number {
  if (name === 'maintenance') return 1;
  if (options.concurrency !== undefined) return options.concurrency;
  // Pages wait for others, steps for Redis.
  if (isSafetyQueue(name)) return 20;
  // Settling waits for Redis only, so one process can hold many run jobs at a time.
  return name === 'flow' ? 50 : options.core.config.agents[AGENT_TYPES[name]].concurrency;
}

async function listenForEndedRuns(core: Core, activeJobs: ActiveJobs): Promise<void> {
  const cancelled = core.store.keys.cancelled();
  core.subscriber.on('message', (channel: string, runId: string) => {
    if (channel === cancelled) activeJobs.interrupt(runId);
  });
  await core.subscriber.subscribe(cancelled);
}

async function scheduleWatchdog(core: Core): Promise<void> {
  await makeRoundDue(core.store);
  const every = Math.round(core.config.workflow.timeout_check_interval_s * 1000);
  await core.queues.get('maintenance')!.upsertJobScheduler(
    WATCHDOG_JOB,
    { every },
    {
      name: WATCHDOG_JOB,
      data: {},
      opts: { priority: 1, removeOnComplete: { count: 10 }, removeOnFail: { count: 50 } },
    },
  );
}

/** `agents.<a>.global_concurrency` holds over all workers of the fleet. */
async function limitFleetWide(core: Core, queues: readonly QueueName[]): Promise<void> {
  for (const name of queues) {
    if (name === 'flow' || name === 'maintenance' || isSafetyQueue(name)) continue;
    const limit = core.config.agents[AGENT_TYPES[name]].global_concurrency;
    const queue = core.queues.get(name)!;
    if (limit !== null) await queue.setGlobalConcurrency(limit);
    else if ((await queue.getGlobalConcurrency()) !== null) await queue.removeGlobalConcurrency();
  }
}
