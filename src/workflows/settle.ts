import { UnrecoverableError, WaitingChildrenError, type Job } from 'bullmq';
import { RunJobData } from '../contracts/job.ts';
import { isOpen, type RunError, type StepView } from '../contracts/run.ts';
import type { ShortCircuit } from '../contracts/support.ts';
import { FleetError, toFleetError } from '../kernel/errors.ts';
import { readRun, type RunFacts } from '../primitives/durable/read-run.ts';
import { staticLeaves } from '../primitives/plan/leaves.ts';
import { callDefinition } from './call-definition.ts';
import { answerWithCare, composeResponse } from './compose-response.ts';
import type { WorkflowContext } from './context.ts';
import { coordinate } from './coordinate.ts';
import type { RunReply, WorkflowDefinition } from './definition.ts';
import { degradationOf, type Degradation } from './degradation.ts';
import { shortCircuitIn } from './fold-validations.ts';
import type { SessionContext } from '../sessions/session-context.ts';
import { lastAnswer } from './last-answer.ts';
import { derive } from './derive.ts';
import { endRun, endStatus, handOver } from './end-run.ts';
import { foldSteps } from './fold-steps.ts';
import { recordNext } from './nudge.ts';
import { surroundings } from './surroundings.ts';
import { memoryAfter, turnEntry } from './turn-entry.ts';
import { withoutVersion } from './unknown-version.ts';

/**
 * The run job. Its life:
 *
 * 1. it waits as the parent of its segments' last steps, without occupying a worker
 * 2. BullMQ wakes it when these have an outcome: completed, skipped, or failed for good
 * 3. it reads all facts in one round trip and asks the pure core what follows
 * 4. done or failed: it ends the run, which also starts the session's next turn
 * 5. more to do: it adds what is missing below itself and waits again
 *
 * It may be picked up any number of times, by any worker, after any crash: nothing it does is done twice. The run
 * job of a branch lives the same life, but its end is the branch's.
 */
export async function processRunJob(ctx: WorkflowContext, job: Job, token: string): Promise<unknown> {
  const data = RunJobData.parse(job.data);
  const scope = data.scope ?? '';
  const definition = ctx.catalog.find(data.workflow, data.version);
  if (definition === undefined) {
    const ended = await withoutVersion(ctx, data);
    return scope === '' ? closeJobOf(ctx, ended) : { status: ended.run.status };
  }
  let looks = 0;
  for (;;) {
    const facts = await readRun(ctx.store, data.run_id, data.session_id, definition.looksAround);
    if (facts === null) throw new UnrecoverableError(`run_not_found: the record of ${data.run_id} is gone`);
    if (!isOpen(facts.run.status))
      return scope === '' ? closeJobOf(ctx, facts) : { status: facts.run.status };
    const nowMs = ctx.clock.now();
    const next = derive(definition, facts, nowMs);
    const recorded = await recordNext(ctx, facts.run, next, nowMs);
    if (recorded === 'recorded') continue;
    if (scope !== '' && !next.openScopes.has(scope)) return { status: 'settled' };
    if (next.outcome.state === 'done')
      return complete(ctx, definition, facts, next.outcome.value, next.isDegraded);
    if (next.outcome.state === 'failed') return fail(ctx, facts, next.outcome.error, definition);
    if (!(await coordinate(ctx, definition, facts, next, job, scope))) continue;
    if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError();
    // Its jobs stand somewhere else: they were put back on their own.
    if (recorded === 'calls_end' && ++looks > 3) throw callsEnd(data.run_id);
  }
}

/**
 * End a run with the error its plan ended with. A turn still answers, where its definition has a last resort: the run
 * stays failed, and can be resumed.
 */
export async function fail(
  ctx: WorkflowContext,
  facts: RunFacts,
  error: RunError,
  definition?: WorkflowDefinition,
): Promise<never> {
  const { code, message, path, attempts, retryable } = error;
  const shown: RunError = {
    code,
    message,
    ...(path === undefined ? {} : { path }),
    ...(attempts === undefined ? {} : { attempts }),
    ...(retryable === undefined ? {} : { retryable }),
  };
  const status = endStatus(error.code, facts);
  const nowMs = ctx.clock.now();
  const answer = definition === undefined ? null : await lastAnswer(ctx, definition, facts, status, nowMs);
  await endRun(ctx, facts.run, { status, error: shown, facts, nowMs, ...answer });
  throw new UnrecoverableError(`${code}: ${message}`);
}

async function complete(
  ctx: WorkflowContext,
  definition: WorkflowDefinition,
  facts: RunFacts,
  value: unknown,
  isDegraded: boolean,
): Promise<unknown> {
  const { run } = facts;
  const nowMs = ctx.clock.now();
  const steps = foldSteps(staticLeaves(definition.plan), facts.events, facts);
  const degradation = degradationOf({ results: facts.results, steps, isDegraded });
  const around = surroundings(facts);
  const { session } = around;
  let reply: RunReply | null;
  try {
    reply = callDefinition(definition.name, () => {
      return definition.reply?.({ input: run.input, results: facts.results, session, around }) ?? null;
    });
  } catch (error) {
    // The same facts would break it again.
    const { code, message } = toFleetError(error);
    return fail(ctx, facts, { code, message }, definition);
  }
  // Somebody who must be cared for is not told a story, and what they said is not remembered as a turn.
  const care = shortCircuitIn(facts.results);
  if (care !== null) {
    return completeWithCare(ctx, facts, reply ?? WORDLESS, care, { steps, degradation, session, nowMs });
  }
  if (reply === null) {
    await endRun(ctx, run, { status: 'completed', output: value ?? null, degradation, facts, nowMs });
    return { status: 'completed', steps: steps.length };
  }
  // What is called within a turn is no turn.
  const turn = session === null || run.called_by !== undefined ? null : session.turn + 1;
  const { slaMs } = ctx.settings;
  const isTurn = turn !== null && session !== null;
  const memory = isTurn ? memoryAfter(run, reply, session) : undefined;
  const output = composeResponse(run, reply, steps, {
    turn,
    session,
    ...(memory === undefined ? {} : { memory }),
    status: 'completed',
    degradation,
    results: facts.results,
    judging: ctx.settings.judging,
    slaMs,
    nowMs,
  });
  await endRun(ctx, run, {
    status: 'completed',
    output,
    degradation,
    facts,
    nowMs,
    ...(session === null || memory === undefined
      ? {}
      : { turn: turnEntry(run, reply, session, memory, nowMs) }),
  });
  return { status: 'completed', steps: steps.length };
}

/** Of a workflow that makes no reply itself. */
const WORDLESS: RunReply = {
  responseText: '',
  nextActions: [],
  intent: null,
  worldState: null,
  lastAgent: 'ipa',
};

async function completeWithCare(
  ctx: WorkflowContext,
  facts: RunFacts,
  reply: RunReply,
  care: ShortCircuit,
  about: {
    steps: readonly StepView[];
    degradation: Degradation;
    session: SessionContext | null;
    nowMs: number;
  },
): Promise<unknown> {
  const { degradation, nowMs, session, steps } = about;
  const { judging, slaMs } = ctx.settings;
  const { results, run } = facts;
  const context = {
    turn: null,
    session,
    status: 'completed' as const,
    degradation,
    results,
    judging,
    slaMs,
    nowMs,
  };
  const output = answerWithCare(composeResponse(run, reply, steps, context), care);
  await endRun(ctx, run, { status: 'completed', output, degradation, facts, nowMs });
  return { status: 'completed', steps: steps.length };
}

/** Somebody else ended the run, or this very job did before its worker died: finish the job accordingly. */
async function closeJobOf(ctx: WorkflowContext, facts: RunFacts): Promise<unknown> {
  const { run } = facts;
  await handOver(ctx, run.run_id, run.session_id);
  if (run.status === 'completed' || run.status === 'cancelled' || run.error === undefined) {
    return { status: run.status };
  }
  throw new UnrecoverableError(`${run.error.code}: ${run.error.message}`);
}

function callsEnd(runId: string): FleetError {
  return new FleetError({
    code: 'called_run_ends',
    kind: 'unavailable',
    message: `a run that ${runId} called has still something to undo`,
    retryAfterMs: 500,
  });
}
