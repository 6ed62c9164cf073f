import { UnrecoverableError, WaitingChildrenError, type Job } from 'bullmq';
import { RunJobData } from '../contracts/job.ts';
import type { RunError } from '../contracts/run.ts';
import { toIso } from '../kernel/clock.ts';
import { FleetError, toFleetError } from '../kernel/errors.ts';
import { failStep } from '../primitives/durable/fail-step.ts';
import { nextGeneration } from '../primitives/durable/open-runs.ts';
import { readRun, type RunFacts } from '../primitives/durable/read-run.ts';
import type { TurnEntry } from '../primitives/durable/settle-run.ts';
import { decodeSessionContext } from '../sessions/session-context.ts';
import { encodeTurnFields } from '../sessions/session-store.ts';
import { advance } from './advance.ts';
import { compileSegment, stepJobId } from './compile.ts';
import { callDefinition } from './call-definition.ts';
import { composeResponse } from './compose-response.ts';
import type { WorkflowContext } from './context.ts';
import type { RunReply, WorkflowDefinition } from './definition.ts';
import { endRun, handOver } from './end-run.ts';
import { foldSteps } from './fold-steps.ts';

/**
 * The run job. Its life:
 *
 * 1. it waits as the parent of its segment's last step, without occupying a worker
 * 2. BullMQ wakes it when that step has an outcome: completed, skipped, or failed for good
 * 3. it reads all facts in one round trip and asks the pure core what follows
 * 4. complete or fail: it ends the run, which also starts the session's next turn
 * 5. add: after a resume, or when a step's worker was lost, it adds the steps anew and waits again
 *
 * It may be picked up any number of times, by any worker, after any crash: nothing it does is done twice.
 */
export async function processRunJob(ctx: WorkflowContext, job: Job, token: string): Promise<unknown> {
  const data = RunJobData.parse(job.data);
  const definition = ctx.catalog.find(data.workflow, data.version);
  if (definition === undefined) throw versionUnavailable(data);
  for (;;) {
    const facts = await readRun(ctx.store, data.run_id, data.session_id);
    if (facts === null) throw new UnrecoverableError(`run_not_found: the record of ${data.run_id} is gone`);
    const decision = advance(definition.steps, { ...facts, status: facts.run.status });
    switch (decision.kind) {
      case 'complete':
        return complete(ctx, definition, facts);
      case 'fail':
        return fail(ctx, facts, decision.error);
      case 'ended':
        return closeJobOf(ctx, facts, decision.status);
      case 'add':
        await addSegment(ctx, definition, facts, job, decision.fromStep);
        if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError();
    }
  }
}

async function fail(ctx: WorkflowContext, facts: RunFacts, error: RunError): Promise<never> {
  await endRun(ctx, facts.run, {
    status: error.code === 'deadline_exceeded' ? 'timed_out' : 'failed',
    error,
    nowMs: ctx.clock.now(),
  });
  throw new UnrecoverableError(`${error.code}: ${error.message}`);
}

async function complete(
  ctx: WorkflowContext,
  definition: WorkflowDefinition,
  facts: RunFacts,
): Promise<unknown> {
  const { run } = facts;
  const nowMs = ctx.clock.now();
  const session = facts.session === null ? null : decodeSessionContext(facts.session);
  const input = definition.input.parse(run.input);
  let reply: RunReply;
  try {
    reply = callDefinition(definition.name, () =>
      definition.reply({ input, results: facts.results, session }),
    );
  } catch (error) {
    // The same facts would break it again.
    const { code, message } = toFleetError(error);
    return fail(ctx, facts, { code, message });
  }
  const turn = session === null ? null : session.turn + 1;
  const steps = foldSteps(definition.steps, facts.events);
  const output = composeResponse(run, reply, steps, { turn, slaMs: ctx.settings.slaMs, nowMs });
  await endRun(ctx, run, {
    status: 'completed',
    output,
    nowMs,
    ...(turn === null ? {} : { turn: turnEntry(run.run_id, run.input, reply, turn, nowMs) }),
  });
  return { status: 'completed', steps: steps.length };
}

function turnEntry(runId: string, input: unknown, reply: RunReply, turn: number, nowMs: number): TurnEntry {
  const text = typeof input === 'object' && input !== null && 'text' in input ? String(input.text) : '';
  return {
    turn,
    fields: encodeTurnFields({
      turn,
      run_id: runId,
      text,
      intent: reply.intent ?? 'unknown',
      response_text: reply.responseText,
      ...(reply.tone === undefined ? {} : { tone: reply.tone }),
      themes: [...(reply.themes ?? [])],
      template_ids: [...(reply.templateIds ?? [])],
      at: toIso(nowMs),
    }),
    sessionFields: {
      ...(reply.emotionalState == null ? {} : { emotional_state: reply.emotionalState }),
      ...(reply.lastEntity == null ? {} : { last_entity: reply.lastEntity }),
    },
  };
}

/** Somebody else ended the run, or this very job did before its worker died: finish the job accordingly. */
async function closeJobOf(ctx: WorkflowContext, facts: RunFacts, status: string): Promise<unknown> {
  await handOver(ctx, facts.run.run_id, facts.run.session_id);
  const { error } = facts.run;
  if (status === 'completed' || status === 'cancelled' || error === undefined) return { status };
  throw new UnrecoverableError(`${error.code}: ${error.message}`);
}

/** Add the steps without outcome below this job, unless they are there already. */
async function addSegment(
  ctx: WorkflowContext,
  definition: WorkflowDefinition,
  facts: RunFacts,
  job: Job,
  fromStep: number,
): Promise<void> {
  const { run } = facts;
  const data = RunJobData.parse(job.data);
  const { unprocessed = [], ignored = {} } = await job.getDependencies({ unprocessed: {}, ignored: {} });
  if (unprocessed.length > 0) return;
  let generation = run.generation;
  if (generation === data.generation) {
    // Everything that was added has settled, yet a step has neither result nor error: its worker was lost.
    const lost = lostStep(definition, run.run_id, generation, fromStep, Object.keys(ignored));
    if (lost !== null) {
      const error: RunError = { code: 'worker_lost', message: `step "${lost}" lost its worker too often` };
      const step = definition.steps[fromStep]!;
      await failStep(ctx.store, {
        runId: run.run_id,
        path: lost,
        agent: step.agent,
        error,
        durationMs: null,
        nowMs: ctx.clock.now(),
      });
      return;
    }
    generation = await nextGeneration(ctx.store, run.run_id);
  }
  await job.updateData({ ...data, generation });
  const segment = compileSegment(definition, { ...run, generation }, fromStep, ctx.settings.retention);
  await ctx.flows.add({
    ...segment,
    opts: { ...segment.opts, parent: { id: job.id!, queue: job.queueQualifiedName } },
  });
}

function lostStep(
  definition: WorkflowDefinition,
  runId: string,
  generation: number,
  fromStep: number,
  failedChildKeys: readonly string[],
): string | null {
  const last = definition.steps.at(-1)!;
  const jobId = stepJobId(runId, last.id, generation);
  const topFailed = failedChildKeys.some((key) => key.endsWith(`:${jobId}`));
  return topFailed ? definition.steps[fromStep]!.id : null;
}

function versionUnavailable(data: RunJobData): FleetError {
  return new FleetError({
    code: 'workflow_version_unavailable',
    kind: 'unavailable',
    message: `this worker has no workflow ${data.workflow}@${data.version}`,
    retryAfterMs: 5_000,
  });
}
