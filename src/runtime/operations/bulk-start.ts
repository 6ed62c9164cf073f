import { createHash } from 'node:crypto';
import type { Caller } from '../../contracts/caller.ts';
import type { BulkStarted, SubmitOptions } from '../../contracts/operations.ts';
import type { BulkStart, OrchestrationResponse, StartRun } from '../../contracts/turn.ts';
import { FleetError, toFleetError } from '../../kernel/errors.ts';
import { newRunId, type RunId } from '../../kernel/ids.ts';
import { countOpenRuns } from '../../primitives/durable/open-runs.ts';
import { toBackendError } from '../../redis/script.ts';
import { cancelRun } from '../../workflows/cancel.ts';
import { startRun, type StartRequest } from '../../workflows/start.ts';
import type { OperationsContext } from './context.ts';
import { prepareJudged } from './submit.ts';

type Prepared = StartRequest | { readonly response: OrchestrationResponse };

/** So many runs are started at a time. */
const AT_A_TIME = 20;

/**
 * Start many runs of one workflow. Each has an outcome of its own; with `atomic` all are checked before the first is
 * started, and when one cannot be started nevertheless, those that were are cancelled.
 *
 * The ids derive from the request's, so a request that is repeated under its Idempotency-Key starts none twice.
 * Errors with `atomic`: those of a single start, with the place of the item; too_many_runs
 */
export async function startRunsInBulk(
  ctx: OperationsContext,
  workflow: string,
  { items, atomic }: BulkStart,
  caller: Caller,
  options: SubmitOptions = {},
): Promise<BulkStarted[]> {
  const base = options.runId ?? newRunId(ctx.workflows.clock.now());
  const prepare = async (item: unknown, index: number): Promise<Prepared> => {
    const own = { ...options, requestKey: `${options.requestKey ?? base}#${index}` };
    // Parsed first thing there.
    const prepared = await prepareJudged(ctx, workflow, item as StartRun, caller, own);
    if ('response' in prepared) return prepared;
    return {
      ...prepared.request,
      runId: nthRunId(base, index),
      ...(options.requestId === undefined ? {} : { requestId: options.requestId }),
      ...(options.traceparent === undefined ? {} : { traceparent: options.traceparent }),
    };
  };
  if (!atomic) {
    return inBatches(items, async (item, index) => start(ctx, () => prepare(item, index), index));
  }
  const prepared = await inBatches(items, (item, index) =>
    prepare(item, index).catch((error: unknown) => {
      throw placed(error, index);
    }),
  );
  await assertRoom(ctx, prepared.filter((item) => !('response' in item)).length);
  const started = await inBatches(prepared, (request, index) => start(ctx, async () => request, index));
  const failed = started.find(({ error }) => error !== undefined);
  if (failed === undefined) return started;
  for (const { runId } of started) if (runId !== undefined) await takeBack(ctx, runId);
  throw placed(failed.error, failed.index);
}

async function start(
  ctx: OperationsContext,
  prepared: () => Promise<Prepared>,
  index: number,
): Promise<BulkStarted> {
  try {
    const request = await prepared();
    if ('response' in request) return { index, response: request.response };
    const { runId } = await startRun(ctx.workflows, request);
    return { index, runId };
  } catch (error) {
    return { index, error: toFleetError(error) };
  }
}

async function takeBack(ctx: OperationsContext, runId: string): Promise<void> {
  try {
    await cancelRun(ctx.workflows, runId, 'another run of the same bulk request could not be started');
  } catch (error) {
    ctx.workflows.log.warn(
      { workflow_id: runId, err: toFleetError(error).message },
      'a run of a refused bulk request goes on',
    );
  }
}

/** Errors: too_many_runs, backend_unavailable. */
async function assertRoom(ctx: OperationsContext, wanted: number): Promise<void> {
  const { store, settings } = ctx.workflows;
  const open = await countOpenRuns(store).catch((error: unknown) => {
    throw toBackendError(error, 'counting open runs');
  });
  if (open + wanted <= settings.maxOpenRuns) return;
  throw new FleetError({
    code: 'too_many_runs',
    kind: 'overloaded',
    message: `the fleet has ${open} open runs and takes ${settings.maxOpenRuns} (workflow.max_open_runs); ${wanted} more do not fit`,
    retryAfterMs: 1000,
  });
}

/** The error of one item, with pointers from the whole body. */
function placed(thrown: unknown, index: number): FleetError {
  const error = toFleetError(thrown);
  const at = `/items/${index}`;
  return new FleetError({
    code: error.code,
    kind: error.kind,
    httpStatus: error.httpStatus,
    message: `${at}: ${error.message}`,
    problems: (error.problems ?? []).map((problem) => ({ ...problem, path: `${at}${problem.path}` })),
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    cause: error,
  });
}

/** Like the base, which carries its time, with a digest in the place of chance. */
function nthRunId(base: RunId, index: number): RunId {
  const digest = createHash('sha256').update(`${base} ${index}`).digest('hex');
  return `${base.slice(0, 17)}7${digest.slice(0, 3)}-8${digest.slice(3, 6)}-${digest.slice(6, 18)}` as RunId;
}

async function inBatches<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += AT_A_TIME) {
    const batch = items.slice(from, from + AT_A_TIME);
    results.push(...(await Promise.all(batch.map((item, i) => work(item, from + i)))));
  }
  return results;
}
