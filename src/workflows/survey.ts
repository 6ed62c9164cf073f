import type { Job, JobState, Queue } from 'bullmq';
import { runJobIdOf, type RunRecord } from '../primitives/durable/run-record.ts';
import { ALARM_JOB } from './compile.ts';
import type { WorkflowContext } from './context.ts';

/** What the queues hold of one run, read from its run job downwards. */
export interface Survey {
  /** The run job; null when there is none. */
  readonly root: FoundJob | null;
  /** The jobs that are not parents waiting for others: whatever keeps the run where it is, is here. */
  readonly fronts: readonly FoundJob[];
  /** Run jobs of branches and of called runs that wait for what is below them. */
  readonly branches: readonly FoundJob[];
  /** Jobs somebody waits for that will never wake him: they are gone, ended unnoticed, or lie on no list. */
  readonly lost: readonly LostJob[];
  /** Jobs that were not looked at, because there were too many. */
  readonly omitted: number;
}

export interface FoundJob {
  readonly job: Job;
  readonly queue: Queue;
  readonly state: JobState | 'unknown';
  readonly role: 'run' | 'branch' | 'step' | 'alarm' | 'call';
  /** The path of the step, branch or call; of an alarm that of its scope; '' = the run itself. Below a call as in the caller. */
  readonly path: string;
}

export interface LostJob {
  readonly id: string;
  readonly queue: string;
  readonly state: FoundJob['state'] | 'gone';
}

/** The run whose jobs are looked for. */
export type SurveyedRun = Pick<RunRecord, 'run_id' | 'job_id'>;

/** A run has rarely more than a few jobs at a time; who has more learns about these. */
const MOST_JOBS = 64;

/**
 * Follow a run's jobs from its run job to those that do not wait for others. Each job is read at its own moment, so
 * what seems lost is looked for again: only what is missing twice is lost.
 */
export async function surveyRun(ctx: WorkflowContext, run: SurveyedRun): Promise<Survey> {
  const first = await lookOnce(ctx, run);
  if (first.lost.length === 0) return first;
  const second = await lookOnce(ctx, run);
  const before = new Set(first.lost.map(({ id }) => id));
  return { ...second, lost: second.lost.filter(({ id }) => before.has(id)) };
}

async function lookOnce(ctx: WorkflowContext, run: SurveyedRun): Promise<Survey> {
  const root = await find(run, ctx.runJobs, runJobIdOf(run));
  if (root === null) return { root, fronts: [], branches: [], lost: [], omitted: 0 };
  const fronts: FoundJob[] = [];
  const branches: FoundJob[] = [];
  const lost: LostJob[] = [];
  let seen = 1;
  let omitted = 0;
  let level = [root];
  while (level.length > 0) {
    const below = await Promise.all(level.map((found) => childrenOf(found)));
    const keys: string[] = [];
    for (const [index, found] of level.entries()) {
      if (found.state === 'waiting-children') {
        if (found.role === 'branch' || found.role === 'call') branches.push(found);
        if (below[index]!.length === 0) lost.push(lostOf(found));
        keys.push(...below[index]!);
      } else if (found === root || isOnItsWay(found)) fronts.push(found);
      else lost.push(lostOf(found));
    }
    const wanted = keys.slice(0, Math.max(0, MOST_JOBS - seen));
    omitted += keys.length - wanted.length;
    seen += wanted.length;
    const next: FoundJob[] = [];
    for (const found of await Promise.all(wanted.map((key) => findByKey(ctx, run, key)))) {
      if (found.kind === 'found') next.push(found.job);
      else if (found.kind === 'gone') lost.push(found.job);
      else omitted += 1;
    }
    level = next;
  }
  return { root, fronts, branches, lost, omitted };
}

/** Whoever waits for a job that has ended or lies nowhere is not woken by it any more. */
function isOnItsWay({ state }: FoundJob): boolean {
  return state !== 'completed' && state !== 'failed' && state !== 'unknown';
}

function lostOf({ job, queue, state }: FoundJob): LostJob {
  return { id: job.id!, queue: queue.name, state };
}

async function childrenOf({ job, state }: FoundJob): Promise<string[]> {
  if (state !== 'waiting-children') return [];
  const { unprocessed = [] } = await job.getDependencies();
  return unprocessed;
}

type Search =
  | { readonly kind: 'found'; readonly job: FoundJob }
  | { readonly kind: 'gone'; readonly job: LostJob }
  /** On a queue this process does not know. */
  | { readonly kind: 'unknown' };

/** `<prefix>:<queue>:<job id>`; neither a queue name nor a job id holds a colon. */
async function findByKey(ctx: WorkflowContext, run: SurveyedRun, key: string): Promise<Search> {
  const [id = '', name = ''] = key.split(':').toReversed();
  const queue = name === ctx.runJobs.name ? ctx.runJobs : ctx.stepQueues.get(name);
  if (queue === undefined) return { kind: 'unknown' };
  const job = await find(run, queue, id);
  return job === null ? { kind: 'gone', job: { id, queue: name, state: 'gone' } } : { kind: 'found', job };
}

async function find(run: SurveyedRun, queue: Queue, id: string): Promise<FoundJob | null> {
  // In this order: what the job says of itself is then at least as new as its state.
  const state = await queue.getJobState(id);
  const job = await queue.getJob(id);
  if (job === undefined) return null;
  return { job, queue, state, ...placeOf(run, job, id) };
}

function placeOf({ run_id: runId }: SurveyedRun, job: Job, id: string): Pick<FoundJob, 'role' | 'path'> {
  // Written by our own compiler only; what has neither is a run job.
  const data = job.data as { step?: { run_id: string; path: string }; scope?: string; run_id?: string };
  const within = (owner: string, path: string): string =>
    [owner.slice(runId.length + 1), path].filter((part) => part !== '').join('.');
  if (data.step !== undefined) return { role: 'step', path: within(data.step.run_id, data.step.path) };
  const owner = data.run_id ?? runId;
  if (job.name === ALARM_JOB) return { role: 'alarm', path: within(owner, scopeOfAlarm(id, owner)) };
  if (data.scope !== undefined) return { role: 'branch', path: within(owner, data.scope) };
  return { role: owner === runId ? 'run' : 'call', path: within(owner, '') };
}

/** `<run>.<scope>.~a<time>.~g<generation>`, without a scope when it is the run's own. */
function scopeOfAlarm(id: string, runId: string): string {
  const rest = id.slice(runId.length + 1);
  return rest.slice(0, Math.max(0, rest.lastIndexOf('~a') - 1));
}
