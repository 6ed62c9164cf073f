import { z } from 'zod';
import { RunView } from '../../contracts/run.ts';
import { RunExplanation } from '../../contracts/why.ts';
import { AcceptedRun, OrchestrationResponse, StartRun } from '../../contracts/turn.ts';
import { assertInputSize, assertMetadataSize } from '../body.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoQuery, Reason, RunParams, WorkflowParams } from '../schemas.ts';
import { submissionOf } from '../submission.ts';
import { isUrgentInput } from '../urgent.ts';

const SignalParams = z.strictObject({ ...RunParams.shape, name: z.string().regex(/^[a-zA-Z][\w-]{0,63}$/) });
const CancelRun = z.strictObject({ reason: Reason.optional() }).meta({ id: 'CancelRun' });

/** Runs of workflows: start, read, cancel, signal. */
export function runRoutes({ operations, isUrgent }: HttpDeps): Route[] {
  return [
    defineRoute({
      operationId: 'startRun',
      carriesText: true,
      method: 'post',
      paths: ['/v1/workflows/{name}/runs'],
      tag: 'runs',
      summary: 'Start a run of a workflow',
      description:
        'Answers 202 at once, or waits up to `wait_ms` (or `Prefer: wait=<seconds>`) for the outcome. `dedup_id` does per workflow what an Idempotency-Key does per request.',
      access: ['user', 'enqueue'],
      rateClass: 'enqueue',
      action: 'run.start',
      params: WorkflowParams,
      query: NoQuery,
      body: StartRun,
      checkBody: (body) => {
        assertInputSize(body.input);
        assertMetadataSize(body.metadata);
      },
      urgent: ({ input }) => isUrgentInput(isUrgent, input),
      responses: {
        202: { description: 'Accepted', schema: AcceptedRun, headers: { Location: 'Path of the run' } },
        200: { description: 'The run ended in time', schema: OrchestrationResponse },
      },
      handle: async (request) => {
        const submission = submissionOf(request);
        const { params, caller } = request;
        const body = { ...request.body, wait_ms: submission.waitMs };
        return submission.reply(await operations.startRun(params.name, body, caller, submission.options));
      },
    }),
    defineRoute({
      operationId: 'getRun',
      method: 'get',
      paths: ['/v1/workflows/runs/{run_id}', '/v1/runs/{run_id}'],
      tag: 'runs',
      summary: 'Read a run with its steps',
      access: ['user', 'enqueue', 'read'],
      params: RunParams,
      query: NoQuery,
      responses: { 200: { description: 'The run', schema: RunView } },
      handle: async ({ params, caller }) => ({
        status: 200,
        body: await operations.getRun(params.run_id, caller),
      }),
    }),
    defineRoute({
      operationId: 'whyRun',
      method: 'get',
      paths: ['/v1/workflows/runs/{run_id}/why', '/v1/runs/{run_id}/why'],
      tag: 'runs',
      summary: 'Ask why a run is where it is',
      description:
        'What the run waits for, since when, until when, and what changes it, from its record, its jobs and their queues.',
      access: ['user', 'enqueue', 'read'],
      params: RunParams,
      query: NoQuery,
      responses: { 200: { description: 'The reasons', schema: RunExplanation } },
      handle: async ({ params, caller }) => ({
        status: 200,
        body: await operations.whyRun(params.run_id, caller),
      }),
    }),
    defineRoute({
      operationId: 'cancelRun',
      method: 'post',
      paths: ['/v1/workflows/runs/{run_id}/cancel', '/v1/runs/{run_id}/cancel'],
      tag: 'runs',
      summary: 'Cancel a run that has not ended',
      access: ['user', 'enqueue', 'operate'],
      rateClass: 'operate',
      action: 'run.cancel',
      params: RunParams,
      query: NoQuery,
      body: CancelRun,
      responses: { 202: { description: 'Cancelled; what is active stops within seconds', schema: RunView } },
      handle: async ({ params, body, caller }) => ({
        status: 202,
        body: await operations.cancelRun(
          params.run_id,
          body.reason === undefined ? {} : { reason: body.reason },
          caller,
        ),
      }),
    }),
    defineRoute({
      operationId: 'signalRun',
      method: 'post',
      paths: ['/v1/workflows/runs/{run_id}/signals/{name}', '/v1/runs/{run_id}/signals/{name}'],
      tag: 'runs',
      summary: 'Give a run the payload it waits for',
      description:
        'The payload may come before the run waits for it. The first payload of a name is taken, once.',
      access: ['user', 'enqueue', 'operate'],
      rateClass: 'enqueue',
      action: 'run.signal',
      params: SignalParams,
      query: NoQuery,
      body: z.unknown(),
      checkBody: assertInputSize,
      responses: { 202: { description: 'Recorded; the run goes on', schema: RunView } },
      handle: async ({ params, body, caller }) => ({
        status: 202,
        body: await operations.signalRun(params.run_id, params.name, body, caller),
      }),
    }),
  ];
}
