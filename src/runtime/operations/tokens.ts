import type { Caller } from '../../contracts/caller.ts';
import { isOpen } from '../../contracts/run.ts';
import type { RunToken } from '../../contracts/token.ts';
import { FleetError } from '../../kernel/errors.ts';
import { readRunRecord } from '../../primitives/durable/read-run.ts';
import { readTokens } from '../../primitives/durable/token-stream.ts';
import { mayReadContent, maySee } from '../../workflows/access.ts';
import { runNotFound } from '../../workflows/cancel.ts';
import type { OperationsContext } from './context.ts';
import { newsOrTimeout, ownerOf } from './runs.ts';

interface TokensOptions {
  readonly after?: string;
  readonly signal: AbortSignal;
}

/** Errors: run_not_found, also for a run of somebody else; forbidden for who may see it but not what it says */
export async function runTokens(
  ctx: OperationsContext,
  runId: string,
  options: TokensOptions,
  caller: Caller,
): Promise<AsyncIterable<RunToken>> {
  const run = await readRunRecord(ctx.workflows.store, runId);
  if (run === null || !maySee(caller, ownerOf(run))) throw runNotFound(runId);
  if (mayReadContent(caller, ownerOf(run))) return follow(ctx, runId, options);
  throw new FleetError({
    code: 'forbidden',
    kind: 'forbidden',
    message: `what run "${runId}" says is for its owner and for role operate`,
  });
}

/** The stored pieces, then live ones, until the run has ended and everything was read. */
async function* follow(
  ctx: OperationsContext,
  runId: string,
  { after: first, signal }: TokensOptions,
): AsyncGenerator<RunToken> {
  const { store } = ctx.workflows;
  let news = Promise.withResolvers<void>();
  await using listening = new AsyncDisposableStack();
  listening.defer(await ctx.notices.watch(runId, () => news.resolve()));
  listening.defer(await ctx.notices.watchTokens(runId, () => news.resolve()));
  let after = first;
  while (!signal.aborted) {
    const isLast = !isOpen((await readRunRecord(store, runId))?.status ?? 'completed');
    for (const token of await readTokens(store, runId, after)) {
      after = token.id;
      yield token;
    }
    if (isLast) return;
    await newsOrTimeout(news.promise, signal);
    news = Promise.withResolvers<void>();
  }
}
