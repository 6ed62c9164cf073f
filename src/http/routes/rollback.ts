import { RollbackHistory, RollbackResult, RollbackRun } from '../../contracts/rollback.ts';
import { FleetError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoQuery, RunParams } from '../schemas.ts';

/** Taking back what a run did, and what was taken back. */
export function rollbackRoutes({ config, operations }: HttpDeps): Route[] {
  return [
    defineRoute({
      operationId: 'rollbackRun',
      method: 'post',
      paths: ['/v1/workflows/runs/{run_id}/rollback', '/v1/runs/{run_id}/rollback'],
      tag: 'runs',
      summary: 'Undo what a run did after a savepoint',
      description:
        'Undoes every effect recorded after the savepoint, newest first, and keeps the rest; what others have changed since is left and told in `errors`. Asking again undoes what is left. Needs `diagnostics.enabled`.',
      access: ['operate'],
      rateClass: 'operate',
      action: 'run.rollback',
      needsAudit: true,
      params: RunParams,
      query: NoQuery,
      body: RollbackRun,
      responses: { 200: { description: 'What was undone, and what was not', schema: RollbackResult } },
      handle: async ({ params, body, caller }) => {
        if (!config.diagnostics.enabled) throw rollbacksDisabled();
        return { status: 200, body: await operations.rollbackRun(params.run_id, body, caller) };
      },
    }),
    defineRoute({
      operationId: 'listRollbacks',
      method: 'get',
      paths: ['/v1/workflows/runs/{run_id}/rollback-history', '/v1/runs/{run_id}/rollback-history'],
      tag: 'runs',
      summary: 'Rollbacks, early warnings and repairs of a run, newest first',
      description:
        'Kept `workflow.error_handling.rollback_retention_days`, also when the record of the run is gone.',
      access: ['read'],
      params: RunParams,
      query: NoQuery,
      responses: {
        200: { description: 'What happened; `kind` says which of the three', schema: RollbackHistory },
      },
      handle: async ({ params, caller }) => ({
        status: 200,
        body: await operations.rollbackHistory(params.run_id, caller),
      }),
    }),
  ];
}

function rollbacksDisabled(): FleetError {
  return new FleetError({
    code: 'feature_disabled',
    kind: 'forbidden',
    message: 'rollbacks over HTTP are turned off (diagnostics.enabled)',
  });
}
