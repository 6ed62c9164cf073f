import { z } from 'zod';
import { isOpen } from '../../contracts/run.ts';
import { AcceptedRun, MAX_WAIT_MS } from '../../contracts/turn.ts';
import { FleetError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { queryNumber, RunParams } from '../schemas.ts';

const ResultQuery = z.strictObject({
  wait_ms: queryNumber(0, MAX_WAIT_MS).default(0),
});
const RunResult = z
  .strictObject({
    run_id: z.string(),
    status: z.literal('completed'),
    degraded: z.boolean(),
    output: z.unknown(),
  })
  .meta({ id: 'RunResult' });

/** What came of a run, for who wants nothing else. */
export function runResultRoutes({ operations }: HttpDeps): Route[] {
  return [
    defineRoute({
      operationId: 'getRunResult',
      method: 'get',
      paths: ['/v1/workflows/runs/{run_id}/result', '/v1/runs/{run_id}/result'],
      tag: 'runs',
      summary: 'Read the output of a run, or wait for it',
      description:
        'Waits up to `wait_ms` for the end; a client that goes away ends nothing. A run that ended otherwise is answered 409 with its `status`.',
      access: ['user', 'enqueue', 'read'],
      params: RunParams,
      query: ResultQuery,
      responses: {
        200: { description: 'The run completed', schema: RunResult },
        202: { description: 'The run goes on', schema: AcceptedRun },
      },
      handle: async ({ params, query, caller, signal }) => {
        const run = await operations.awaitRun(params.run_id, { waitMs: query.wait_ms, signal }, caller);
        const { run_id, status, degraded, output, progress } = run;
        if (status === 'completed') return { status: 200, body: { run_id, status, degraded, output } };
        const location = `/v1/workflows/runs/${run_id}`;
        if (isOpen(status)) {
          return { status: 202, body: { run_id, status, progress, location, queued_behind: 0 } };
        }
        throw new FleetError({
          code: 'run_not_completed',
          kind: 'conflict',
          retryable: false,
          message: `run "${run_id}" has no output: it is ${status}`,
          details: { run_id, status_of_run: status, error_of_run: run.error },
        });
      },
    }),
  ];
}
