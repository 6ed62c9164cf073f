import { hasRole, type Caller } from '../../contracts/caller.ts';
import type { RunSummary } from '../../contracts/run.ts';
import type { RunFilter, RunPage } from '../../contracts/run-list.ts';
import { redact } from '../../observability/redact.ts';
import { listRuns } from '../../primitives/durable/run-index.ts';
import { mayReadContent } from '../../workflows/access.ts';
import { summarizeRun } from '../../workflows/run-view.ts';
import type { OperationsContext } from './context.ts';

/** Readers see all runs, the others their own. */
export async function listRunsFor(
  ctx: OperationsContext,
  filter: RunFilter,
  caller: Caller,
): Promise<RunPage> {
  const { session_id: sessionId, user_id: userId, ...rest } = filter;
  const owner = hasRole(caller, 'read')
    ? undefined
    : {
        keyId: hasRole(caller, 'enqueue') ? caller.id : undefined,
        userId: hasRole(caller, 'user') ? caller.user_id : undefined,
      };
  const { items, next } = await listRuns(ctx.workflows.store, { ...rest, sessionId, userId, owner });
  const shown = items.map((run): RunSummary => {
    const summary = summarizeRun(run);
    if (mayReadContent(caller, { userId: run.user_id, keyId: run.submitted_by })) return summary;
    return { ...summary, metadata: redact(summary.metadata) as RunSummary['metadata'] };
  });
  return { items: shown, next };
}
