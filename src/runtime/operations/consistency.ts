import { hasRole, type Caller } from '../../contracts/caller.ts';
import { CheckRuns, type ConsistencyReport } from '../../contracts/consistency.ts';
import { runNotFound } from '../../workflows/cancel.ts';
import { checkRuns } from '../../workflows/consistency.ts';
import { validationFailed } from '../../workflows/start.ts';
import type { OperationsContext } from './context.ts';

/** Errors: validation_failed (invalid_input), run_not_found, also for who may not operate; backend_unavailable. */
export async function checkRunsFor(
  ctx: OperationsContext,
  request: CheckRuns,
  caller: Caller,
): Promise<ConsistencyReport> {
  const parsed = CheckRuns.safeParse(request);
  if (!parsed.success) throw validationFailed(parsed.error, 'consistency check', '');
  const { run_id: runId, repair } = parsed.data;
  if (!hasRole(caller, 'operate')) throw runNotFound(runId ?? '');
  return checkRuns(ctx.workflows, { runId, repair });
}
