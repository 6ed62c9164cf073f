import { z } from 'zod';
import { hasRole } from '../../contracts/caller.ts';
import type { Readiness } from '../../contracts/operator.ts';
import type { HttpDeps } from '../deps.ts';
import type { HttpLifetime } from '../lifetime.ts';
import { createReadinessProbe } from '../readiness.ts';
import { defineRoute, type Route } from '../route.ts';
import { Health, Liveness, NoQuery, PublicReadiness } from '../schemas.ts';

const ReadyQuery = z.strictObject({ verbose: z.enum(['', 'true', 'false', '1', '0']).optional() });
const HEALTH_OF = {
  ready: 'healthy',
  degraded: 'degraded',
  starting: 'initializing',
  draining: 'unhealthy',
  down: 'unhealthy',
} as const;

/** What probes and scrapers ask; none of it needs a credential, except metrics where `metrics.auth` says so. */
export function healthRoutes(deps: HttpDeps, lifetime: HttpLifetime): Route[] {
  const probe = createReadinessProbe(deps.operations);
  const readiness = async (): Promise<Readiness> =>
    lifetime.isDraining ? { status: 'draining', checks: [] } : probe();
  return [
    defineRoute({
      operationId: 'getLiveness',
      method: 'get',
      paths: ['/livez', '/health/live'],
      tag: 'health',
      summary: 'Whether the process answers; asks nothing of Redis',
      access: 'public',
      query: NoQuery,
      responses: { 200: { description: 'Alive', schema: Liveness } },
      handle: () => ({ status: 200, body: { status: 'alive' } }),
    }),
    defineRoute({
      operationId: 'getReadiness',
      method: 'get',
      paths: ['/readyz', '/health/ready'],
      tag: 'health',
      summary: 'Whether the process should get traffic',
      description: 'With `verbose` and the role read the checks carry their details.',
      access: 'optional',
      query: ReadyQuery,
      responses: {
        200: { description: 'Ready or degraded', schema: PublicReadiness },
        503: { description: 'Starting, draining or down', schema: PublicReadiness },
      },
      handle: async ({ query, caller }) => {
        const { status, checks } = await readiness();
        const wantsDetails = query.verbose !== undefined && !['0', 'false'].includes(query.verbose);
        const isShown = wantsDetails && hasRole(caller, 'read');
        const shown = checks.map(({ detail, ...check }) => (isShown ? { ...check, detail } : check));
        const isReady = status === 'ready' || status === 'degraded';
        return { status: isReady ? 200 : 503, body: { status, checks: shown } };
      },
    }),
    defineRoute({
      operationId: 'getHealth',
      method: 'get',
      paths: ['/health'],
      tag: 'health',
      summary: 'Health of the service in one word',
      access: 'public',
      query: NoQuery,
      responses: {
        200: { description: 'Healthy, degraded or initializing', schema: Health },
        503: { description: 'Unhealthy', schema: Health },
      },
      handle: async () => {
        const status = HEALTH_OF[(await readiness()).status];
        const body = { status, component: 'agent_orchestration', version: deps.version };
        return { status: status === 'unhealthy' ? 503 : 200, body };
      },
    }),
    defineRoute({
      operationId: 'getMetrics',
      method: 'get',
      paths: ['/metrics', '/metrics-prom'],
      tag: 'health',
      summary: 'Metrics of this process as Prometheus text',
      access: deps.config.metrics.auth ? ['read'] : 'public',
      query: NoQuery,
      produces: ['text/plain', 'application/openmetrics-text'],
      responses: { 200: { description: 'Prometheus text', schema: z.string(), contentType: 'text/plain' } },
      handle: async () => {
        const { contentType, body } = await deps.metrics.render();
        return { status: 200, text: body, contentType };
      },
    }),
  ];
}
