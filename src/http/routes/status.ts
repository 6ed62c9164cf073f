import { FleetStatus } from '../../contracts/status.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoQuery } from '../schemas.ts';

export function statusRoutes({ operations }: HttpDeps): Route[] {
  return [
    defineRoute({
      operationId: 'getStatus',
      method: 'get',
      paths: ['/v1/status'],
      tag: 'health',
      summary: 'Read how the fleet is doing',
      description: 'The same from every process: what is under way now, and what the last hour brought.',
      access: ['read'],
      query: NoQuery,
      responses: { 200: { description: 'The status of the fleet', schema: FleetStatus } },
      handle: async () => ({ status: 200, body: await operations.status() }),
    }),
  ];
}
