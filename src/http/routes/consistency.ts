import { CheckRuns, ConsistencyReport } from '../../contracts/consistency.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoQuery } from '../schemas.ts';

/** The rules of the watchdog, on demand. */
export function consistencyRoutes({ operations }: HttpDeps): Route[] {
  return [
    defineRoute({
      operationId: 'checkRuns',
      method: 'post',
      paths: ['/v1/workflows/consistency-check'],
      tag: 'runs',
      summary: 'Look for runs that no longer fit their jobs',
      description:
        'One run, or all of them within bounds (`complete` says whether that was enough). Without `repair` nothing is changed. The watchdog repairs the same by itself, later.',
      access: ['operate'],
      rateClass: 'operate',
      action: 'run.check',
      needsAudit: true,
      query: NoQuery,
      body: CheckRuns,
      responses: { 200: { description: 'What was found', schema: ConsistencyReport } },
      handle: async ({ body, caller }) => ({ status: 200, body: await operations.checkRuns(body, caller) }),
    }),
  ];
}
