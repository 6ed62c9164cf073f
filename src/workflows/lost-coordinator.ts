import { isOpen } from '../contracts/run.ts';
import { noteCoordinatorLoss } from '../primitives/durable/coordinator-losses.ts';
import { beginEnding } from '../primitives/durable/ending.ts';
import { readRun, type RunFacts } from '../primitives/durable/read-run.ts';
import { recordDecisions } from '../primitives/durable/record-decisions.ts';
import type { StoredError } from '../primitives/plan/node.ts';
import { removeJobs } from './cancel.ts';
import type { WorkflowContext } from './context.ts';
import { derive } from './derive.ts';
import { endRun } from './end-run.ts';
import { nudge } from './nudge.ts';

/** So often the run job of a run is brought back without anything new, then the run must end; so often again, then it ends. */
const MOST_LOSSES = 5;

/**
 * The run job of an open run had to be brought back. When that helps nothing again and again:
 *
 * 1. the run is told to end with `coordinator_lost`, so that its run job undoes what its sagas did
 * 2. when it cannot do that either, it ends from here: its effects are undone as its workflow says, what its sagas had
 *    left to undo is recorded as failed, and named in its error
 *
 * @returns whether it must end because of that
 */
export async function limitLosses(ctx: WorkflowContext, runId: string): Promise<boolean> {
  const losses = await noteCoordinatorLoss(ctx.store, runId);
  if (losses <= MOST_LOSSES) return false;
  const message = `the job that decides for the run was lost ${losses} times without getting any further`;
  if (await beginEnding(ctx.store, runId, { code: 'coordinator_lost', message, path: '' })) {
    ctx.log.error(
      { workflow_id: runId, losses },
      'a run must end because its run job is lost again and again',
    );
    await nudge(ctx, runId);
    return true;
  }
  const facts = await readRun(ctx.store, runId);
  if (facts !== null && isOpen(facts.run.status)) await endWithout(ctx, facts, message);
  return true;
}

async function endWithout(ctx: WorkflowContext, facts: RunFacts, reason: string): Promise<void> {
  const { run } = facts;
  const nowMs = ctx.clock.now();
  const undone = leftToUndo(ctx, facts, nowMs);
  const { ending } = run;
  const isForThat = ending === undefined || ending.code === 'coordinator_lost';
  const why = isForThat ? '' : `; it had to end (${ending.code}: ${ending.message})`;
  const left = undone.length === 0 ? '' : `; not undone: ${undone.map(({ path }) => path).join(', ')}`;
  const error = { code: 'coordinator_lost', message: `${reason}${why}${left}` };
  await recordDecisions(ctx.store, { runId: run.run_id, decide: [], abandon: undone, nowMs });
  const now = (await readRun(ctx.store, run.run_id)) ?? facts;
  await endRun(ctx, run, { status: 'failed', error, facts: now, nowMs });
  ctx.log.error({ workflow_id: run.run_id, not_undone: undone.map(({ path }) => path) }, error.message);
  await removeJobs(ctx, run);
}

/** The steps that would undo something and did not: each that fails shows the one before it. */
function leftToUndo(
  ctx: WorkflowContext,
  facts: RunFacts,
  nowMs: number,
): { path: string; agent: string; error: StoredError }[] {
  const definition = ctx.catalog.find(facts.run.workflow, facts.run.version);
  const left: { path: string; agent: string; error: StoredError }[] = [];
  if (definition === undefined) return left;
  const errors: Record<string, StoredError> = { ...facts.errors };
  for (;;) {
    const { add } = derive(definition, { ...facts, errors }, nowMs);
    const undos = add.filter(({ isCompensation }) => isCompensation);
    if (undos.length === 0) return left;
    for (const { path, node } of undos) {
      const message = `step "${path}" did not run: the run lost the job that decides for it too often`;
      const error = { code: 'coordinator_lost', message, path, retryable: false, at: nowMs };
      errors[path] = error;
      left.push({ path, agent: node.kind === 'step' ? node.queue : 'flow', error });
    }
  }
}
