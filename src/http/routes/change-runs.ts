import { MetadataPatch, RunView } from '../../contracts/run.ts';
import { AcceptedRun } from '../../contracts/turn.ts';
import { assertMetadataSize } from '../body.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoBody, NoQuery, RunParams } from '../schemas.ts';

/** What can be done with a run that is there: change its metadata, resume it, run its input again. */
export function changeRunRoutes({ operations }: HttpDeps): Route[] {
  return [
    defineRoute({
      operationId: 'updateRunMetadata',
      method: 'patch',
      paths: ['/v1/workflows/runs/{run_id}/metadata', '/v1/runs/{run_id}/metadata'],
      tag: 'runs',
      summary: 'Change the metadata of a run',
      description:
        "Merged key by key; null removes a key. Together at most 16 KiB. The run's own steps go on seeing what it was started with.",
      access: ['user', 'enqueue', 'operate'],
      rateClass: 'enqueue',
      action: 'run.metadata',
      params: RunParams,
      query: NoQuery,
      body: MetadataPatch,
      checkBody: (body) => assertMetadataSize(body),
      responses: { 200: { description: 'The run', schema: RunView } },
      handle: async ({ params, body, caller }) => ({
        status: 200,
        body: await operations.updateRunMetadata(params.run_id, body, caller),
      }),
    }),
    defineRoute({
      operationId: 'resumeRun',
      method: 'post',
      paths: ['/v1/workflows/runs/{run_id}/resume', '/v1/runs/{run_id}/resume'],
      tag: 'runs',
      summary: 'Resume a run that failed or timed out',
      description:
        'Results stay; failed and skipped steps run again, and the deadline starts anew. The dead letters of the run are gone then.',
      access: ['operate'],
      rateClass: 'operate',
      action: 'run.resume',
      needsAudit: true,
      params: RunParams,
      query: NoQuery,
      body: NoBody,
      responses: { 202: { description: 'Open again', schema: RunView } },
      handle: async ({ params, caller }) => ({
        status: 202,
        body: await operations.resumeRun(params.run_id, caller),
      }),
    }),
    defineRoute({
      operationId: 'rerunRun',
      method: 'post',
      paths: ['/v1/workflows/runs/{run_id}/rerun', '/v1/runs/{run_id}/rerun'],
      tag: 'runs',
      summary: 'Start a new run with the input of another',
      description:
        'Of the same version where the fleet still has it, else of the latest; `retry_of` of the new run names the other.',
      access: ['operate'],
      rateClass: 'operate',
      action: 'run.rerun',
      needsAudit: true,
      params: RunParams,
      query: NoQuery,
      body: NoBody,
      responses: {
        202: { description: 'Accepted', schema: AcceptedRun, headers: { Location: 'Path of the new run' } },
      },
      handle: async ({ params, caller, requestId, traceparent, runId }) => {
        const accepted = await operations.rerunRun(params.run_id, caller, {
          requestId,
          ...(traceparent !== undefined && { traceparent }),
          ...(runId !== undefined && { runId }),
        });
        return { status: 202, body: accepted, headers: { Location: accepted.location } };
      },
    }),
  ];
}
