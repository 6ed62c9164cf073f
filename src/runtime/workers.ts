import type { Job, Worker } from 'bullmq';
import { isSafetyQueue, servesAgents, specOf, type QueueName } from '../../queues/catalogue.ts';
import { keptJobs, type Retention } from '../../queues/job-options.ts';
import { workerOptions, type LockSettings } from '../../queues/worker-options.ts';
import { ActiveJobs } from '../agents/active-jobs.ts';
import type { Agent } from '../agents/agent.ts';
import type { AgentName } from '../contracts/agent-type.ts';
import type { Language } from '../models/language.ts';
import type { RedisClient } from '../redis/connect.ts';
import type { Cache } from '../primitives/cache/cached-call.ts';
import { makeRoundDue } from '../primitives/durable/unwatched-runs.ts';
import type { Breakers } from '../resilience/breakers.ts';
import type { Core } from './core.ts';
import { createJobProcessor, WATCHDOG_JOB, type WorkReport } from './job-processors.ts';
import { QueueWorker } from './queue-worker.ts';
import { scheduleSafetyRound, type SafetyJobs } from './safety-jobs.ts';
import { agentSettings, lockSettings } from './settings.ts';
import { backoffStrategy } from './worker-backoff.ts';
import { observeWorker } from './worker-metrics.ts';

/** A worker of a queue beside others of it in the same process. */
export interface Seat {
  /** The name of its worker in BullMQ. */
  readonly name: string;
  readonly concurrency: number;
  /** Told of the jobs it does. */
  readonly report: WorkReport;
  /** Does its jobs in the place of the process's agent for the queue. */
  readonly own?: Agent;
  /** It takes no jobs before it is told to resume. */
  readonly isHeld?: boolean;
}

/** The workers of one process, by queue. */
export interface RunningWorkers {
  /** The worker of a seat. */
  of(seat: Seat): QueueWorker;
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
  /** Several workers of a queue, or one of its own kind. Default: one that nobody is told of. */
  readonly seats?: ReadonlyMap<string, readonly Seat[]>;
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
  const seated = new Map<Seat, QueueWorker>();
  const { seats = new Map<string, readonly Seat[]>() } = options;
  const queues = [...new Set([...options.queues, ...seats.keys()])];
  const workers = queues.flatMap((name) => {
    const own = seats.get(name) ?? [];
    if (own.length === 0) return [openWorker(options, activeJobs, name, connection)];
    return own.map((seat) => {
      const worker = openWorker(options, activeJobs, name, connection, seat);
      seated.set(seat, worker);
      return worker;
    });
  });
  await limitFleetWide(core, queues);
  const held = new Set([...seated].flatMap(([seat, worker]) => (seat.isHeld === true ? [worker] : [])));
  for (const worker of workers) if (!held.has(worker)) worker.start();
  await Promise.all(workers.map((worker) => worker.ready()));
  return {
    of: (seat) => seated.get(seat)!,
    stop: (graceMs) => stopWorkers(core, workers, graceMs),
  };
}

function openWorker(
  options: WorkersOptions,
  activeJobs: ActiveJobs,
  queue: string,
  connection: RedisClient,
  seat?: Seat,
): QueueWorker {
  const { core } = options;
  const instance = seat?.name ?? options.instance;
  const { retention } = core.workflows.settings;
  const worker = new QueueWorker({
    queue,
    processor: createJobProcessor(options, activeJobs, queue, seat),
    options: {
      connection,
      prefix: core.config.redis.bullmq_prefix,
      name: instance,
      concurrency: seat?.concurrency ?? concurrencyOf(options, queue),
      ...workerOptions(queue, lockOf(core, queue), retention),
      settings: { backoffStrategy: backoffStrategy(core, queue) },
    },
    log: core.log,
    onMade(made) {
      observeWorker(core, queue, made);
      keepFailedJobs(made, queue, retention);
    },
  });
  core.times.works(queue, instance, worker.concurrency);
  return worker;
}

/**
 * A producer may have asked for its job to be dropped when it fails; what was accepted never vanishes. This event
 * comes before everything else, also for a job that fails without being processed because it lost its workers.
 */
function keepFailedJobs(worker: Worker, name: string, retention: Retention): void {
  worker.on('active', (job: Job) => {
    job.opts.removeOnFail = specOf(name).keepsFailed === true ? false : keptJobs(retention).removeOnFail;
  });
}

async function stopWorkers(core: Core, workers: readonly QueueWorker[], graceMs: number): Promise<void> {
  const timer = setTimeout(() => {
    core.log.warn({}, 'grace is over: active jobs go back to their queues');
    for (const worker of workers) worker.giveBack();
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

function lockOf(core: Core, name: string): LockSettings {
  const lock = lockSettings(core.config);
  if (!isSafetyQueue(name)) return lock;
  return {
    ...lock,
    lockSeconds: Math.min(lock.lockSeconds, SAFETY_LOCK_SECONDS),
    stalledIntervalSeconds: Math.min(lock.stalledIntervalSeconds, SAFETY_CHECK_SECONDS),
  };
}

function concurrencyOf(options: WorkersOptions, name: string): number {
  if (name === 'maintenance') return 1;
  if (options.concurrency !== undefined) return options.concurrency;
  // Pages wait for others, steps for Redis.
  if (isSafetyQueue(name)) return 20;
  // Settling waits for Redis only, so one process can hold many run jobs at a time.
  return name === 'flow' ? 50 : (agentSettings(options.core.config, name).concurrency ?? 1);
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
async function limitFleetWide(core: Core, queues: readonly string[]): Promise<void> {
  for (const name of queues.filter(servesAgents)) {
    const limit = agentSettings(core.config, name).globalConcurrency;
    const queue = core.queues.get(name)!;
    if (limit !== null) await queue.setGlobalConcurrency(limit);
    else if ((await queue.getGlobalConcurrency()) !== null) await queue.removeGlobalConcurrency();
  }
}
