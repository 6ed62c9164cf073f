import { hasRole, type Caller } from '../../contracts/caller.ts';
import type { RunView } from '../../contracts/run.ts';
import { readRunRecord } from '../../primitives/durable/read-run.ts';
import { isOwner } from '../../workflows/access.ts';
import { runNotFound } from '../../workflows/cancel.ts';
import { signalRun } from '../../workflows/signal.ts';
import type { OperationsContext } from './context.ts';
import { getRun } from './runs.ts';

export async function signalRunFor(
  ctx: OperationsContext,
  runId: string,
  name: string,
  payload: unknown,
  caller: Caller,
): Promise<RunView> {
  const run = await readRunRecord(ctx.workflows.store, runId);
  const owner = { userId: run?.user_id, keyId: run?.submitted_by };
  if (run === null || !(isOwner(caller, owner) || hasRole(caller, 'operate'))) throw runNotFound(runId);
  await signalRun(ctx.workflows, run, name, payload);
  return getRun(ctx, runId, { ...caller, roles: new Set([...caller.roles, 'read']) });
}
