import { z } from 'zod';
import { Problem } from '../../contracts/problem.ts';
import { BulkStart, OrchestrationResponse } from '../../contracts/turn.ts';
import { assertInputSize, assertMetadataSize } from '../body.ts';
import type { HttpDeps } from '../deps.ts';
import { toProblem } from '../problem.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoQuery, WorkflowParams } from '../schemas.ts';
import { isUrgentInput } from '../urgent.ts';

const BulkItem = z.strictObject({
  index: z.int(),
  status: z.int(),
  run_id: z.string().optional(),
  location: z.string().optional(),
  problem: Problem.optional(),
  /** With status 200: its text was answered itself, and no run was started. */
  response: OrchestrationResponse.optional(),
});
const BulkOutcome = z.strictObject({ items: z.array(BulkItem) }).meta({ id: 'BulkOutcome' });

/** Many runs with one request. */
export function bulkStartRoutes({ operations, isUrgent }: HttpDeps): Route[] {
  return [
    defineRoute({
      operationId: 'startRuns',
      carriesText: true,
      method: 'post',
      paths: ['/v1/workflows/{name}/runs/bulk'],
      tag: 'runs',
      summary: 'Start up to 1000 runs of a workflow',
      description:
        'Each item is the body of a single start; none is waited for. Each has its own outcome. With `atomic` all are checked before the first starts, and the whole request is refused when one does not fit.',
      access: ['enqueue'],
      rateClass: 'enqueue',
      action: 'run.start_bulk',
      params: WorkflowParams,
      query: NoQuery,
      body: BulkStart,
      checkBody: ({ items }) => {
        for (const item of items) {
          assertInputSize(item['input']);
          assertMetadataSize(item['metadata']);
        }
      },
      responses: { 207: { description: 'The outcome of each item', schema: BulkOutcome } },
      urgent: ({ items }) => items.some(({ input }) => isUrgentInput(isUrgent, input)),
      handle: async ({ params, body, caller, requestId, requestKey, traceparent, runId }) => {
        const started = await operations.startRuns(params.name, body, caller, {
          requestId,
          ...(traceparent !== undefined && { traceparent }),
          ...(runId !== undefined && { runId }),
          ...(requestKey !== undefined && { requestKey }),
        });
        const items = started.map(({ index, runId: id, error, response }) => {
          if (response !== undefined) return { index, status: 200, response };
          return error === undefined
            ? { index, status: 202, run_id: id, location: `/v1/workflows/runs/${id}` }
            : { index, status: error.httpStatus, problem: toProblem(error, requestId) };
        });
        return { status: 207, body: { items } };
      },
    }),
  ];
}
