import type { Caller } from '../../contracts/caller.ts';
import { hasRole } from '../../contracts/caller.ts';
import { isOpen, type RunEvent, type RunView } from '../../contracts/run.ts';
import type { RunExplanation } from '../../contracts/why.ts';
import { readEvents, readRun, readRunRecord } from '../../primitives/durable/read-run.ts';
import type { RunRecord } from '../../primitives/durable/run-record.ts';
import { isOwner, mayReadContent, maySee } from '../../workflows/access.ts';
import { watchRun } from '../../workflows/await-run.ts';
import { cancelRun, runNotFound } from '../../workflows/cancel.ts';
import { viewEvent, viewRun } from '../../workflows/run-view.ts';
import { explainRun } from '../../workflows/why.ts';
import { redact } from '../../observability/redact.ts';
import type { OperationsContext } from './context.ts';

/** Errors: run_not_found, also for a run of somebody else. */
export async function getRun(ctx: OperationsContext, runId: string, caller: Caller): Promise<RunView> {
  const facts = await readRun(ctx.workflows.store, runId);
  if (facts === null || !maySee(caller, ownerOf(facts.run))) throw runNotFound(runId);
  const view = viewRun(ctx.workflows.catalog, facts);
  if (mayReadContent(caller, ownerOf(facts.run))) return view;
  return { ...view, output: redact(view.output), metadata: redact(view.metadata) as RunView['metadata'] };
}

/** The run when it has ended, or as it stands after `waitMs`. Errors: run_not_found. */
export async function awaitRun(
  ctx: OperationsContext,
  runId: string,
  { waitMs, signal }: { waitMs: number; signal?: AbortSignal },
  caller: Caller,
): Promise<RunView> {
  const run = await getRun(ctx, runId, caller);
  if (waitMs === 0 || !isOpen(run.status)) return run;
  const waiter = await watchRun(ctx.workflows.store, ctx.notices, runId);
  try {
    await waiter.wait(waitMs, signal);
    return await getRun(ctx, runId, caller);
  } finally {
    waiter.stop();
  }
}

/** Errors: run_not_found, also for a run of somebody else. */
export async function whyRun(ctx: OperationsContext, runId: string, caller: Caller): Promise<RunExplanation> {
  const run = await readRunRecord(ctx.workflows.store, runId);
  if (run === null || !maySee(caller, ownerOf(run))) throw runNotFound(runId);
  return explainRun(ctx.workflows, runId);
}

export async function cancelRunFor(
  ctx: OperationsContext,
  runId: string,
  reason: string | undefined,
  caller: Caller,
): Promise<RunView> {
  const run = await readRunRecord(ctx.workflows.store, runId);
  if (run === null || !(isOwner(caller, ownerOf(run)) || hasRole(caller, 'operate')))
    throw runNotFound(runId);
  await cancelRun(ctx.workflows, runId, reason ?? `cancelled by ${caller.id}`);
  return getRun(ctx, runId, { ...caller, roles: new Set([...caller.roles, 'read']) });
}

export async function listRunEvents(
  ctx: OperationsContext,
  runId: string,
  page: { after?: string; limit: number },
  caller: Caller,
): Promise<{ items: RunEvent[]; ended: boolean }> {
  const { store } = ctx.workflows;
  const run = await readRunRecord(store, runId);
  if (run === null || !maySee(caller, ownerOf(run))) throw runNotFound(runId);
  // Read after the status: an ended run's stream is complete.
  const events = await readEvents(store, runId, page.after);
  const items = events.slice(0, page.limit).map((event) => viewEvent(runId, run.session_id, event));
  return { items, ended: !isOpen(run.status) && items.length === events.length };
}

/** Looks again this often, should a notice have been lost. */
const LOOK_AGAIN_MS = 2_000;

/**
 * The stored events, then live ones; ends after the terminal event, or at once when the run has ended and
 * everything was read.
 */
export async function* runEvents(
  ctx: OperationsContext,
  runId: string,
  options: { after?: string; signal: AbortSignal },
  caller: Caller,
): AsyncGenerator<RunEvent> {
  const { store } = ctx.workflows;
  let news = Promise.withResolvers<void>();
  const stop = await ctx.notices.watch(runId, () => news.resolve());
  try {
    const run = await readRunRecord(store, runId);
    if (run === null || !maySee(caller, ownerOf(run))) throw runNotFound(runId);
    let after = options.after;
    while (!options.signal.aborted) {
      const isLast = !isOpen((await readRunRecord(store, runId))?.status ?? 'completed');
      for (const event of await readEvents(store, runId, after)) {
        after = event.id;
        yield viewEvent(runId, run.session_id, event);
      }
      if (isLast) return;
      await newsOrTimeout(news.promise, options.signal);
      news = Promise.withResolvers<void>();
    }
  } finally {
    stop();
  }
}

export async function newsOrTimeout(news: Promise<void>, signal: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, LOOK_AGAIN_MS);
  const onAbort = (): void => over.resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([news, over.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

export function ownerOf(run: RunRecord) {
  return { userId: run.user_id, keyId: run.submitted_by };
}
