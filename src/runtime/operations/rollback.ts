import { hasRole, type Caller } from '../../contracts/caller.ts';
import { RollbackRun, type RollbackHistory, type RollbackResult } from '../../contracts/rollback.ts';
import { readRunRecord } from '../../primitives/durable/read-run.ts';
import { maySee } from '../../workflows/access.ts';
import { watchRun } from '../../workflows/await-run.ts';
import { runNotFound } from '../../workflows/cancel.ts';
import { rollBackRun, rollbackHistory } from '../../workflows/rollback-run.ts';
import { validationFailed } from '../../workflows/start.ts';
import type { OperationsContext } from './context.ts';

/** A cancelled run has this long to end, before its rollback has to be asked for again. */
const ENDS_WITHIN_MS = 20_000;

/** Errors: those of rollBackRun; run_not_found also for who may not operate. */
export async function rollbackRunFor(
  ctx: OperationsContext,
  runId: string,
  request: RollbackRun,
  caller: Caller,
): Promise<RollbackResult> {
  const parsed = RollbackRun.safeParse(request);
  if (!parsed.success) throw validationFailed(parsed.error, 'rollback', '');
  const run = await readRunRecord(ctx.workflows.store, runId);
  if (run === null || !hasRole(caller, 'operate')) throw runNotFound(runId);
  const waiter = await watchRun(ctx.workflows.store, ctx.notices, runId);
  try {
    const asked = { ...parsed.data, actor: caller.id };
    return await rollBackRun(ctx.workflows, run, asked, () => waiter.wait(ENDS_WITHIN_MS));
  } finally {
    waiter.stop();
  }
}

/** Errors: run_not_found, also for a run of somebody else. */
export async function rollbackHistoryFor(
  ctx: OperationsContext,
  runId: string,
  caller: Caller,
): Promise<RollbackHistory> {
  const run = await readRunRecord(ctx.workflows.store, runId);
  // Whose run it was is gone with its record; then only those may look who may see every run.
  if (!maySee(caller, { userId: run?.user_id, keyId: run?.submitted_by })) throw runNotFound(runId);
  return { history: await rollbackHistory(ctx.workflows, runId) };
}
