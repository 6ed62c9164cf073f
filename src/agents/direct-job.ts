import type { Job } from 'bullmq';
import type { DirectJobData } from '../contracts/job.ts';
import { FleetError } from '../kernel/errors.ts';
import {
  commitStep,
  readDirectResult,
  type JobLock,
  type ResultOwner,
} from '../primitives/durable/commit-step.ts';
import { parseOrRefuse } from './decode-job.ts';
import { encodeOutput } from './output.ts';
import { contextOutsideRuns, worldsOutsideRuns } from './outside-runs.ts';
import { NO_WORKFLOW, type Opened, type ShellContext } from './shell.ts';
import { lockLost, type TrackedWorldAccess } from './world-access.ts';

/**
 * Open a job that some other service put on the queue by itself. It has no run; its result is the job's return
 * value, and a ledger of its own keeps a repeated delivery from doing its work twice.
 */
export async function openDirectJob(
  shell: ShellContext,
  job: Job,
  token: string,
  data: DirectJobData,
): Promise<Opened> {
  const { agent, store, clock } = shell;
  if (agent === null) throw noAgent(shell.queue);
  const input = parseOrRefuse(agent.input, data.input, 'input');
  // A producer may use an id again once its first job is gone: the time of its addition tells them apart.
  const jobKey = `${job.queueName}~${job.id}~${job.timestamp}`;
  // A first delivery cannot have a result yet.
  const isRepeated = job.attemptsStarted > 1 || job.attemptsMade > 0;
  const earlier = isRepeated ? await readDirectResult(store, jobKey) : undefined;
  if (earlier !== undefined) return { kind: 'done', value: earlier };
  const owner: ResultOwner = {
    kind: 'direct',
    jobKey,
    agent: agent.name,
    keepSeconds: shell.recordRetentionSeconds,
  };
  const checkOutput = (output: unknown): unknown => encodeOutput(agent.output, agent.name, output);
  const lock: JobLock = { key: shell.lockKey(job), token };
  let worlds: TrackedWorldAccess | null = null;
  return {
    kind: 'work',
    job: {
      workflow: NO_WORKFLOW,
      interruptible: null,
      timeoutMs: shell.directTimeoutMs,
      breaker: `agent.${agent.name}`,
      queuedMs: Math.max(0, (job.processedOn ?? job.timestamp) - job.timestamp),
      call(signal) {
        worlds = worldsOutsideRuns({
          store,
          owner,
          lock,
          signal,
          checkOutput,
          hasOutbox: shell.hasWorldOutbox ?? false,
          now: () => clock.now(),
        });
        return agent.run(input, {
          signal,
          idempotencyKey: jobKey,
          attempt: job.attemptsMade + 1,
          log: shell.log,
          player: { sessionId: data.ctx?.session_id, userId: undefined },
          worlds,
          ...contextOutsideRuns(shell.language, shell.directTimeoutMs),
        });
      },
      async record(output) {
        if (worlds?.recorded() != null) return output;
        const checked = checkOutput(output);
        const outcome = await commitStep(store, {
          owner,
          lock,
          output: checked,
          eventData: {},
          nowMs: clock.now(),
        });
        if (outcome.verdict === 'fenced') throw lockLost();
        return outcome.verdict === 'recorded' ? outcome.output : checked;
      },
    },
  };
}

function noAgent(queue: string): FleetError {
  return new FleetError({
    code: 'validation_failed',
    kind: 'invalid_input',
    message: `queue "${queue}" has no agent of its own: only steps of runs can be done here`,
  });
}
