import { isOpen } from '../contracts/run.ts';
import { WHY_KINDS, type RunExplanation, type WhyReason } from '../contracts/why.ts';
import { toIso } from '../kernel/clock.ts';
import type { Continuation } from '../primitives/advance/facts.ts';
import { calledRunId } from '../primitives/durable/called-runs.ts';
import { readRun, type RunFacts } from '../primitives/durable/read-run.ts';
import { toBackendError } from '../redis/script.ts';
import { runNotFound } from './cancel.ts';
import type { WorkflowContext } from './context.ts';
import { derive } from './derive.ts';
import { explainAlarm, explainJob } from './why-job.ts';
import { lastError } from './last-error.ts';
import { QueueFacts } from './queue-facts.ts';
import { findStarter } from './starter.ts';
import { surveyRun, type FoundJob, type Survey } from './survey.ts';
import { explainSignals } from './why-signals.ts';
import { turnAhead } from './why-turn.ts';

/** More than fit on a screen help nobody. */
const MOST_REASONS = 20;

/**
 * Why a run is where it is: from its record, its jobs and their queues, never from a guess.
 *
 * 1. it has ended, or another run of its session goes first
 * 2. else its jobs are followed from the run job to those that wait for no other job; each says why it does not end
 * 3. what the plan waits for without a job: signals, and the undoing of a run that must end
 * 4. where nothing fits, that is said too (`unexplained`); what only looked so between two reads is looked at again
 *
 * It changes nothing. Errors: run_not_found, backend_unavailable
 */
export async function explainRun(ctx: WorkflowContext, runId: string): Promise<RunExplanation> {
  try {
    const first = await explainOnce(ctx, runId);
    const isOdd = first.reasons.some(({ kind }) => kind === 'unexplained');
    return isOdd ? await explainOnce(ctx, runId) : first;
  } catch (error) {
    throw toBackendError(error, 'looking at the jobs of a run');
  }
}

async function explainOnce(ctx: WorkflowContext, runId: string): Promise<RunExplanation> {
  const facts = await readRun(ctx.store, runId);
  if (facts === null) throw runNotFound(runId);
  const { run } = facts;
  if (!isOpen(run.status)) return compose(facts, [endedReason(facts)], null, null);
  if (run.delayed_until !== undefined && run.ending === undefined) {
    return compose(facts, await delayedReasons(ctx, facts, run.delayed_until), null, null);
  }
  const ahead = await turnAhead(ctx, facts);
  if (ahead !== null) return compose(facts, [ahead], null, null);
  const planned = continuationOf(ctx, facts);
  const survey = await surveyRun(ctx, run);
  const reasons = await jobReasons(ctx, facts, survey, planned.next);
  if (planned.problem !== null) reasons.push(unexplained(runId, planned.problem));
  if (run.ending !== undefined) reasons.push(endingReason(facts, planned.next));
  if (run.status === 'compensating') reasons.push(rollbackReason(runId));
  if (reasons.length === 0) reasons.push(unexplained(runId, 'nothing is known that the run waits for'));
  return compose(facts, reasons, survey, planned.next);
}

/** What follows for the run; null when this process does not know its definition, or the plan breaks. */
export function continuationOf(
  ctx: WorkflowContext,
  facts: RunFacts,
): { readonly next: Continuation | null; readonly problem: string | null } {
  const definition = ctx.catalog.find(facts.run.workflow, facts.run.version);
  if (definition === undefined) return { next: null, problem: null };
  try {
    return { next: derive(definition, facts, ctx.clock.now()), problem: null };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { next: null, problem: `its plan cannot be continued: ${message}` };
  }
}

/** What is wrong with the jobs of an open run; null when each has its place. */
export function defectOf({ root, lost }: Survey): string | null {
  if (root !== null && (root.state === 'completed' || root.state === 'unknown')) {
    return root.state === 'completed'
      ? 'its run job is completed, although the run has not ended'
      : 'its run job lies on no list of its queue';
  }
  const [first] = lost;
  if (first === undefined) return null;
  const state = first.state === 'gone' || first.state === 'unknown' ? 'gone' : first.state;
  const others = lost.length === 1 ? '' : ` (and ${lost.length - 1} more like it)`;
  return state === 'waiting-children'
    ? `job ${first.id} on queue "${first.queue}" waits for jobs, but none is left${others}`
    : `job ${first.id} on queue "${first.queue}" is ${state} and wakes nobody${others}`;
}

async function jobReasons(
  ctx: WorkflowContext,
  facts: RunFacts,
  survey: Survey,
  next: Continuation | null,
): Promise<WhyReason[]> {
  const { root, fronts, branches } = survey;
  const { run } = facts;
  const queues = new QueueFacts(ctx);
  if (root === null || root.state === 'failed') {
    return [await notDriven(ctx, facts, root?.job.failedReason), ...(await queues.blockers(ctx.maintenance))];
  }
  const reasons: WhyReason[] = [];
  const defect = defectOf(survey);
  if (defect !== null) reasons.push(unexplained(run.run_id, defect));
  const signals = await explainSignals(ctx, run.run_id, next, survey);
  reasons.push(...signals.reasons);
  const progressedAt = facts.events.at(-1)?.at ?? run.created_at;
  for (const front of fronts) {
    const isSignalled = signals.scopes.has(front.path);
    if (front.role !== 'alarm') reasons.push(...(await explainJob(ctx, queues, front, progressedAt)));
    else if (!isSignalled || front.state !== 'delayed') {
      reasons.push(...(await explainAlarm(ctx, queues, front, progressedAt)));
    }
  }
  for (const { path, role } of branches) {
    if (role === 'call') reasons.push(waitingForRun(path, run.run_id));
    else
      reasons.push({
        kind: 'waiting_for_branch',
        subject: path,
        detail: `the run waits for its branch "${path}"`,
        what_changes_it: 'the end of that branch',
      });
  }
  return reasons;
}

function waitingForRun(path: string, runId: string): WhyReason {
  const called = calledRunId(runId, path);
  return {
    kind: 'waiting_for_run',
    subject: called,
    detail: `"${path}" waits for run ${called}, which it called`,
    what_changes_it: 'the end of that run',
  };
}

function unexplained(runId: string, detail: string): WhyReason {
  return {
    kind: 'unexplained',
    subject: runId,
    detail,
    what_changes_it: 'the watchdog repairs it at its next look, or fails the run',
  };
}

function endedReason({ run, results }: RunFacts): WhyReason {
  const error = run.error === undefined ? '' : `: ${run.error.code}, ${run.error.message}`;
  const isUndone = run.undone !== undefined || Object.keys(results).some((path) => path.includes('~undo'));
  const isResumable = (run.status === 'failed' || run.status === 'timed_out') && !isUndone;
  return {
    kind: 'ended',
    subject: run.run_id,
    ...(run.ended_at === undefined ? {} : { since: toIso(run.ended_at) }),
    detail: `the run is ${run.status}${error}`,
    what_changes_it: isResumable ? 'resuming it, or replaying its dead letter' : 'nothing',
  };
}

function rollbackReason(runId: string): WhyReason {
  return {
    kind: 'ending',
    subject: runId,
    detail: 'what the run did is being undone before it ends',
    what_changes_it: 'the end of its rollback',
  };
}

function endingReason({ run }: RunFacts, next: Continuation | null): WhyReason {
  const undoing = (next?.add ?? []).filter(({ isCompensation }) => isCompensation).map(({ path }) => path);
  const what = undoing.length === 0 ? '' : `, and undoes what it did: ${undoing.join(', ')}`;
  return {
    kind: 'ending',
    subject: run.run_id,
    detail: `the run must end (${run.ending!.code}: ${run.ending!.message})${what}`,
    what_changes_it: undoing.length === 0 ? 'the end of what is still active' : 'the end of its undo steps',
  };
}

async function notDriven(
  ctx: WorkflowContext,
  { run, events }: RunFacts,
  failure: string | undefined,
): Promise<WhyReason> {
  const check = await ctx.store.redis.zscore(ctx.store.keys.deadlines(), run.run_id);
  const what = failure === undefined ? 'it has no run job' : `its run job failed: ${failure}`;
  if (check === null) return unexplained(run.run_id, `${what}, and the watchdog does not know the run`);
  return {
    kind: 'not_driven',
    subject: run.run_id,
    since: toIso(events.at(-1)?.at ?? run.created_at),
    until: toIso(Number(check)),
    detail: what,
    what_changes_it: 'the watchdog drives it then',
  };
}

/** The run is to start later, or its starter is about to be worked on. */
async function delayedReasons(ctx: WorkflowContext, facts: RunFacts, untilMs: number): Promise<WhyReason[]> {
  const { run } = facts;
  const starter = await findStarter(ctx, run.run_id);
  if (ctx.clock.now() >= untilMs) {
    if (starter === undefined) return [await notDriven(ctx, facts, undefined)];
    const found = {
      job: starter,
      queue: ctx.runJobs,
      state: await starter.getState(),
      role: 'run',
      path: '',
    };
    return explainJob(ctx, new QueueFacts(ctx), found as FoundJob, untilMs);
  }
  const until = toIso(untilMs);
  return [
    {
      kind: 'delayed',
      subject: run.run_id,
      since: toIso(run.created_at),
      until,
      detail: `the run is delayed until ${until}`,
      what_changes_it:
        starter === undefined ? 'the watchdog puts the job that starts it on its queue' : 'time alone',
    },
  ];
}

function compose(
  facts: RunFacts,
  found: readonly WhyReason[],
  survey: Survey | null,
  next: Continuation | null,
): RunExplanation {
  const { run } = facts;
  const reasons = distinct(found).toSorted((a, b) => WHY_KINDS.indexOf(a.kind) - WHY_KINDS.indexOf(b.kind));
  const omitted = Math.max(0, reasons.length - MOST_REASONS) + (survey?.omitted ?? 0);
  const error = lastError(facts, survey?.fronts ?? []);
  const limits = isOpen(run.status) ? limitsOf(facts, next) : [];
  return {
    run_id: run.run_id,
    status: run.status,
    summary: summaryOf(run.status, reasons, omitted),
    reasons: reasons.slice(0, MOST_REASONS),
    ...(omitted === 0 ? {} : { omitted }),
    ...(error === null ? {} : { last_error: error }),
    ...(limits.length === 0 ? {} : { next_deadline_at: toIso(Math.min(...limits)) }),
  };
}

/** Several jobs may wait for the same thing: it is said once. */
function distinct(reasons: readonly WhyReason[]): WhyReason[] {
  const byPlace = new Map<string, WhyReason>();
  for (const reason of reasons) {
    const place = `${reason.kind} ${reason.subject}`;
    if (!byPlace.has(place)) byPlace.set(place, reason);
  }
  return [...byPlace.values()];
}

function summaryOf(status: string, reasons: readonly WhyReason[], omitted: number): string {
  const [first, ...others] = reasons;
  const more = Math.min(others.length, MOST_REASONS - 1) + omitted;
  const text = `${first!.detail}${more === 0 ? '' : ` (and ${more} more)`}`;
  return first!.kind === 'ended' ? text : `the run is ${status}: ${text}`;
}

function limitsOf({ run }: RunFacts, next: Continuation | null): number[] {
  const leaves = next?.add.flatMap(({ deadlineAtMs }) => (deadlineAtMs === null ? [] : [deadlineAtMs])) ?? [];
  const waits = next?.waits.map(({ dueAtMs }) => dueAtMs) ?? [];
  return [...(run.deadline_at === undefined ? [] : [run.deadline_at]), ...leaves, ...waits];
}
