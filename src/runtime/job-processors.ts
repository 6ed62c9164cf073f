import { DelayedError, UnrecoverableError, type Job, type Processor } from 'bullmq';
import { putOff } from '../../queues/put-off.ts';
import type { CallOutcome } from '../coordination/agents/local-agent.ts';
import type { ActiveJobs } from '../agents/active-jobs.ts';
import { createProcessor } from '../agents/processor.ts';
import { toFleetError } from '../kernel/errors.ts';
import { createStarterWorld } from '../sessions/world/starter-world.ts';
import { trimRunIndex } from '../primitives/durable/trim-run-index.ts';
import { resumeFailedRun } from '../workflows/resume.ts';
import { runScheduled } from '../workflows/schedules/run-scheduled.ts';
import { SCHEDULE_JOB } from '../workflows/schedules/schedules.ts';
import { processRunJob } from '../workflows/settle.ts';
import { versionUnavailable } from '../workflows/version-unavailable.ts';
import { startDelayed } from '../workflows/start-delayed.ts';
import { START_JOB } from '../workflows/starter.ts';
import type { AgentName } from '../contracts/agent-type.ts';
import { RunJobData } from '../contracts/job.ts';
import { goOnForgetting } from '../workflows/forget/forget-session.ts';
import { consistencyRound } from '../workflows/consistency.ts';
import { createStepPlans } from '../workflows/step-plans.ts';
import { runWatchdog } from '../workflows/watchdog.ts';
import type { Core } from './core.ts';
import { withoutOrphans } from './orphaned-jobs.ts';
import { agentTimeoutMs } from './settings.ts';
import { measured } from './worker-metrics.ts';
import type { Seat, WorkersOptions } from './workers.ts';

export const WATCHDOG_JOB = 'wf-watchdog';

/** Who is told of the jobs a worker does: how many it has in hand, and how the calls of its agent go. */
export interface WorkReport {
  begin(): void;
  end(outcome: CallOutcome, durationMs: number): void;
}

/** What a worker of a queue does with a job, measured. */
export function createJobProcessor(
  options: WorkersOptions,
  activeJobs: ActiveJobs,
  name: string,
  seat?: Seat,
): Processor {
  const process = withoutOrphans(options.core.store, processorOf(options, activeJobs, name, seat));
  return measured(options.core, name, seat === undefined ? process : inHand(seat.report, process));
}

/** What became of it, the shell says when it has called the agent. */
function inHand(report: WorkReport, process: Processor): Processor {
  return async (job, token, signal) => {
    report.begin();
    try {
      return await process(job, token, signal);
    } finally {
      report.end('none', 0);
    }
  };
}

function processorOf(options: WorkersOptions, activeJobs: ActiveJobs, name: string, seat?: Seat): Processor {
  const { core } = options;
  switch (name) {
    case 'flow':
      return (job, token) => runJob(core, job, token ?? '');
    case 'maintenance':
      return (job) => maintain(options, job);
    case 'safety-protocol':
    case 'safety-escalation': {
      const { safety } = options;
      if (safety === undefined) throw new RangeError(`queue "${name}" needs the safety room`);
      return safety.processorOf(name);
    }
    default: {
      // A name that is no agent of the fleet is not found.
      const agent = seat?.own ?? options.agents.get(name as AgentName);
      if (agent === undefined) throw new RangeError(`no agent for queue "${name}"`);
      return createProcessor({
        queue: name,
        agent,
        language: options.languages?.get(name as AgentName) ?? null,
        store: core.store,
        plans: createStepPlans(core.workflows.catalog),
        breakers: options.breakers,
        activeJobs,
        cache: options.cache,
        lockKey: (job) => `${core.config.redis.bullmq_prefix}:${job.queueName}:${job.id}:lock`,
        createWorld: createStarterWorld,
        hasWorldOutbox: core.workflows.settings.hasWorldOutbox ?? false,
        resumeRun: (runId, sessionId) => resumeFailedRun(core.workflows, runId, sessionId),
        historySeconds: core.workflows.settings.rollbackRetentionSeconds,
        recordRetentionSeconds: core.workflows.settings.recordRetentionSeconds,
        tempRoot: core.workflows.settings.tempRoot,
        directTimeoutMs: agentTimeoutMs(core.config, name),
        served(durationMs, isError) {
          core.times.add(name, durationMs, { isError });
          seat?.report.begin();
          seat?.report.end(isError ? 'failure' : 'success', durationMs);
        },
        clock: core.clock,
        log: core.log,
        metrics: core.metrics,
      });
    }
  }
}

async function maintain({ core, screenInput }: WorkersOptions, job: Job): Promise<unknown> {
  switch (job.name) {
    case WATCHDOG_JOB:
      return lookAfterRuns(core);
    case SCHEDULE_JOB:
      return runScheduled({ ...core.workflows, ...(screenInput === undefined ? {} : { screenInput }) }, job);
    default:
      return { ignored: job.name };
  }
}

async function lookAfterRuns({ workflows, store, clock }: Core): Promise<unknown> {
  const findings = await runWatchdog(workflows);
  await consistencyRound(workflows);
  await goOnForgetting(workflows);
  const retentionSeconds = workflows.settings.recordRetentionSeconds;
  await trimRunIndex(store, { nowMs: clock.now(), retentionSeconds });
  return findings;
}
/** What a run job waits for without a place below it: a worker that knows its definition, a called run that undoes. */
const PUT_OFF: ReadonlySet<string> = new Set(['workflow_version_unavailable', 'called_run_ends']);

/** A run job whose definition is not here yet waits for a worker that has it. */
async function runJob(core: Core, job: Job, token: string): Promise<unknown> {
  try {
    return job.name === START_JOB
      ? await startLater(core, job)
      : await processRunJob(core.workflows, job, token);
  } catch (error) {
    const failure = toFleetError(error);
    if (!PUT_OFF.has(failure.code)) {
      if (failure === error && !failure.retryable)
        throw new UnrecoverableError(`${failure.code}: ${failure.message}`);
      throw error;
    }
    await putOff(job, token, failure, core.clock.now() + (failure.retryAfterMs ?? 5_000));
    throw new DelayedError();
  }
}

async function startLater(core: Core, job: Job): Promise<{ status: string }> {
  const data = RunJobData.parse(job.data);
  const status = await startDelayed(core.workflows, data.run_id);
  if (status === 'unknown_version') throw versionUnavailable(data.workflow, data.version);
  return { status };
}
