import type { Job } from 'bullmq';
import type { SkippedStep, StepJobData } from '../contracts/job.ts';
import { isOpen, type RunStatus } from '../contracts/run.ts';
import { toIso } from '../kernel/clock.ts';
import { FleetError } from '../kernel/errors.ts';
import { beginStep, type StepFacts, type StepStart } from '../primitives/durable/begin-step.ts';
import {
  commitStep,
  type CommitOutcome,
  type JobLock,
  type ResultOwner,
} from '../primitives/durable/commit-step.ts';
import type { OpenStepContext } from '../primitives/step-context.ts';
import { noteUnknownVersion, VERSION_PATIENCE_MS } from '../primitives/durable/unknown-version.ts';
import type { StepNode } from '../primitives/plan/node.ts';
import { parseOrRefuse } from './decode-job.ts';
import { encodeOutput } from './output.ts';
import { dueWarnings } from './early-warnings.ts';
import { languageInBudget } from './language-in-budget.ts';
import { stepBudgetMs } from './step-budget.ts';
import { callAgent, callHandler, openHandlerContext } from './call-step.ts';
import type { StepObserver } from './observe-step.ts';
import type { Opened, ShellContext } from './shell.ts';
import { unusedStarts } from '../../queues/put-off.ts';
import { effectsOfJob, savepointOf } from './step-effects.ts';
import { checkpointsOf, eventDataOf, noticeOf } from './step-events.ts';
import {
  deadlineExceeded,
  outcomeUnknown,
  recordLostUpstream,
  runNotFound,
  storedError,
} from './step-failures.ts';
import { countSavings } from './savings.ts';
import { completeTokens, tokenWriter } from './step-tokens.ts';
import type { TokenWriter } from './token-writer.ts';
import { createWorldAccess, lockLost, type TrackedWorldAccess } from './world-access.ts';

/**
 * Open a step of a run: one round trip for everything it reads.
 * Errors: workflow_version_unavailable (the job waits), input_invalid, deadline_exceeded, run_not_found
 */
export async function openStep(
  shell: ShellContext,
  job: Job,
  token: string,
  data: StepJobData,
  told: StepObserver,
): Promise<Opened> {
  const { step } = data;
  if (!shell.plans.knows(step.workflow, step.version)) return withoutVersion(shell, data);
  const start = await beginStep(shell.store, {
    runId: step.run_id,
    path: step.path,
    agent: shell.queue,
    attempt: job.attemptsMade + 1,
    after: step.after ?? null,
    sessionId: step.session_id,
    worldId: step.world_id,
    recentTurns: step.recent_turns ?? 0,
    nowMs: shell.clock.now(),
  });
  switch (start.verdict) {
    case 'ready':
      return openWork(shell, job, token, data, start.facts, told);
    case 'recorded':
      await completeTokens(shell, job, data);
      return { kind: 'done', value: { status: 'completed' } };
    case 'closed':
      return isRetriedByHand(start, step.generation) ? resume(shell, data) : skip(`run_${start.status}`);
    case 'abandoned':
      return skip('given_up');
    case 'upstream_failed':
      return skip(start.upstream);
    case 'upstream_missing':
      await recordLostUpstream(shell, job, data, start.upstream);
      return skip(start.upstream);
    case 'missing':
      throw runNotFound(step.run_id);
  }
}

/**
 * A step that failed for good is never delivered again by itself: somebody pressed "retry" on it. Alone it would
 * wake nobody, so its run is resumed, which runs it under a fresh id.
 */
function isRetriedByHand(start: Extract<StepStart, { verdict: 'closed' }>, generation: number): boolean {
  const resumable = start.status === 'failed' || start.status === 'timed_out';
  return resumable && start.failedHere && start.generation === generation;
}

async function resume(shell: ShellContext, data: StepJobData): Promise<Opened> {
  await shell.resumeRun(data.step.run_id, data.step.session_id);
  return skip('run_resumed');
}

function skip(because: string): Opened {
  return { kind: 'done', value: { skipped: true, because } satisfies SkippedStep };
}

function openWork(
  shell: ShellContext,
  job: Job,
  token: string,
  data: StepJobData,
  facts: StepFacts,
  told: StepObserver,
): Opened {
  const { step } = data;
  const { store, clock } = shell;
  const leaf = shell.plans.open(step.workflow, step.version, step.path, facts, clock.now());
  // Its join was decided, or its run is ending: the plan does not want it any more.
  if (leaf === null || leaf.node.kind !== 'step') return skip('not_wanted');
  const { node } = leaf;
  if (!node.idempotent && wasCalled(job)) throw outcomeUnknown(step.path);
  const lock: JobLock = { key: shell.lockKey(job), token };
  const deadlineAtMs = leaf.isCompensation ? null : earliest(facts.deadlineAtMs, leaf.deadlineAtMs);
  const limitMs = node.timeoutMs ?? shell.directTimeoutMs;
  const remainingMs = deadlineAtMs === null ? limitMs : deadlineAtMs - clock.now();
  if (remainingMs <= 0) throw deadlineExceeded(step.run_id);
  const cutMs = Math.min(limitMs, remainingMs);
  const warnings = dueWarnings({
    runId: step.run_id,
    step: step.path,
    agent: shell.queue,
    stepMs: limitMs,
    cutMs,
    run:
      leaf.isCompensation || facts.deadlineAtMs === null
        ? null
        : {
            leftMs: facts.deadlineAtMs - clock.now(),
            limitMs: facts.runTimeoutMs,
          },
  });
  const softLeftMs =
    leaf.isCompensation || facts.softDeadlineAtMs === null ? null : facts.softDeadlineAtMs - clock.now();
  const budgetMs = stepBudgetMs({
    queue: shell.queue,
    path: step.path,
    cutMs,
    softLeftMs,
    ahead: softLeftMs === null ? [] : shell.plans.ahead(step.workflow, step.version, facts),
  });
  const input = parseOrRefuse(node.input, leaf.input(), `input of step "${step.path}"`, 'input_invalid');
  const owner: ResultOwner = { kind: 'run', runId: step.run_id, path: step.path, agent: shell.queue };
  const progress = shell.plans.progress(step.workflow, step.version, facts, step.path);
  const eventData = eventDataOf(job, step.generation, progress);
  const checkOutput = (output: unknown): unknown => encodeOutput(node.output, step.path, output);
  const worldsOf = (signal: AbortSignal): TrackedWorldAccess =>
    createWorldAccess({
      store,
      owner,
      lock,
      signal,
      prefetched: step.world_id === undefined ? null : { worldId: step.world_id, world: facts.world },
      createWorld:
        facts.session === null ? null : (worldId) => shell.createWorld(worldId, toIso(clock.now())),
      ttlSeconds: facts.session === null ? null : Number(facts.session['ttl_seconds']),
      eventData,
      checkOutput,
      hasOutbox: shell.hasWorldOutbox ?? false,
      effects: savepointOf(node, step.path),
      now: () => clock.now(),
    });
  const effects = effectsOfJob(shell, job, data, node, lock);
  let worlds: TrackedWorldAccess | null = null;
  let open: OpenStepContext | null = null;
  let tokens: TokenWriter | null = null;
  return {
    kind: 'work',
    job: {
      workflow: step.workflow,
      interruptible: leaf.isCompensation ? null : { runId: step.run_id, path: step.path },
      timeoutMs: cutMs,
      warnings,
      ...(leaf.isCompensation || facts.deadlineAtMs === null
        ? {}
        : { notice: noticeOf(step, facts, facts.deadlineAtMs, clock.now()) }),
      // What is cut short by the run's own deadline has not taken too long by itself.
      ...(remainingMs < limitMs && deadlineAtMs === facts.deadlineAtMs
        ? { timeoutError: () => deadlineExceeded(step.run_id) }
        : {}),
      breaker: node.breaker ?? circuitOf(shell, node, step.workflow),
      queuedMs: facts.queuedMs,
      attempt: () => told.attempt(node),
      mayRetry: (error) =>
        node.retryIf?.(storedError(error, step.path, clock.now(), job.attemptsMade + 1)) ?? true,
      async call(signal) {
        const writer = (tokens = tokenWriter(shell, job, data, lock, signal));
        if (node.run !== undefined) {
          const attempt = { signal, state: leaf.state, deadlineAtMs, ...effects.open() };
          open = openHandlerContext(shell, job, data, facts, attempt, writer);
          try {
            return await callHandler(shell, node, input, open.ctx);
          } catch (error) {
            writer.stop(); // what it wrote is no text of this step any more
            throw error;
          }
        }
        worlds = worldsOf(signal);
        const { memo } = effects.open();
        const account = { workflow: step.workflow, user: facts.userId };
        try {
          return await callAgent(shell, input, {
            signal,
            attempt: job.attemptsMade + 1,
            idempotencyKey: `${step.run_id}.${step.path}`,
            budgetMs,
            log: shell.log,
            step: { runId: step.run_id, workflow: step.workflow, path: step.path, worldId: step.world_id },
            player: { sessionId: step.session_id, userId: facts.userId },
            worlds,
            language: languageInBudget(shell.language, {
              account,
              budgetMs,
              cutMs,
              isFast: softLeftMs !== null,
              goesLocal: facts.goesLocal,
            }),
            memo,
            emit: (text, options) => writer.emit(text, options),
          });
        } catch (error) {
          writer.stop();
          throw error;
        }
      },
      async record(output) {
        const recorded = worlds?.recorded();
        if (recorded != null) return returnValue(recorded);
        const checked = checkOutput(output);
        const state = open?.changedState();
        const toRecord = await effects.prepare();
        const outcome = await commitStep(store, {
          owner,
          lock,
          output: checked,
          eventData: { ...eventData(output), ...checkpointsOf(open) },
          ...(state === undefined ? {} : { state }),
          ...(toRecord === undefined ? {} : { effects: toRecord }),
          nowMs: clock.now(),
        });
        await effects.settle(outcome);
        if (outcome.verdict === 'fenced') throw lockLost();
        if (outcome.verdict === 'committed') {
          countSavings(shell, step.path, facts, output);
          told.committed();
          await tokens?.finish();
        }
        return returnValue(outcome);
      },
    },
  };
}

const MAX_CIRCUIT_NAME = 128;

/** An agent has one circuit; a handler has its own, also as an alternative (`~f1`), which names of circuits spell `.f1`. */
function circuitOf(shell: ShellContext, node: StepNode, workflow: string): string {
  if (node.run === undefined) return `agent.${shell.queue}`;
  return `step.${workflow}.${node.name.replaceAll('~', '.')}`.slice(0, MAX_CIRCUIT_NAME);
}

/** Whether an earlier delivery may have called the agent: each did, but for those that were put off before. */
function wasCalled(job: Job): boolean {
  return job.attemptsStarted - unusedStarts(job) > 1;
}

function earliest(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.min(a, b);
}

/** Results stand in the run's own hash; the job's return value only says how it ended. */
function returnValue(outcome: CommitOutcome): unknown {
  if (outcome.verdict === 'closed') {
    return { skipped: true, because: `run_${outcome.status}` } satisfies SkippedStep;
  }
  if (outcome.verdict === 'abandoned') return { skipped: true, because: 'given_up' } satisfies SkippedStep;
  return { status: 'completed' };
}

/** The job goes back for a worker that knows the version; when there has been none for too long, the step fails. */
async function withoutVersion(shell: ShellContext, { step }: StepJobData): Promise<Opened> {
  const { workflow, version, path, run_id: runId } = step;
  const { status, forMs } = await noteUnknownVersion(shell.store, runId, shell.clock.now());
  if (status === 'missing') throw runNotFound(runId);
  if (!isOpen(status as RunStatus)) return skip(`run_${status}`);
  shell.metrics.workflow_version_unavailable_total.inc({ workflow });
  throw new FleetError({
    code: 'workflow_version_unavailable',
    kind: 'unavailable',
    message: `this worker has no step "${path}" of workflow ${workflow}@${version}`,
    retryable: forMs < VERSION_PATIENCE_MS,
    retryAfterMs: 5_000,
  });
}
