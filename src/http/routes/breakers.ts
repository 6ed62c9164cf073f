import { z } from 'zod';
import { BreakerName, BreakerView } from '../../contracts/breaker.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoBody, NoQuery } from '../schemas.ts';

const BreakerParams = z.strictObject({ name: BreakerName });

/** What the fleet does not call for now, and what an operator does about it. */
export function breakerRoutes({ operations }: HttpDeps): Route[] {
  return [
    defineRoute({
      operationId: 'listBreakers',
      method: 'get',
      paths: ['/v1/breakers'],
      tag: 'breakers',
      summary: 'List the circuit breakers by name',
      access: ['read'],
      query: NoQuery,
      responses: { 200: { description: 'All circuit breakers', schema: z.array(BreakerView) } },
      handle: async () => ({ status: 200, body: await operations.listBreakers() }),
    }),
    defineRoute({
      operationId: 'getBreaker',
      method: 'get',
      paths: ['/v1/breakers/{name}'],
      tag: 'breakers',
      summary: 'Read one circuit breaker: its state, its counts and its settings',
      access: ['read'],
      params: BreakerParams,
      query: NoQuery,
      responses: { 200: { description: 'The circuit breaker', schema: BreakerView } },
      handle: async ({ params }) => ({ status: 200, body: await operations.getBreaker(params.name) }),
    }),
    defineRoute({
      operationId: 'resetBreaker',
      method: 'post',
      paths: ['/v1/breakers/{name}/reset'],
      tag: 'breakers',
      summary: 'Close a circuit breaker: calls are made again, in every process',
      access: ['operate'],
      rateClass: 'operate',
      action: 'breaker.reset',
      needsAudit: true,
      params: BreakerParams,
      query: NoQuery,
      body: NoBody,
      responses: { 200: { description: 'Closed', schema: BreakerView } },
      handle: async ({ params }) => ({ status: 200, body: await operations.resetBreaker(params.name) }),
    }),
    defineRoute({
      operationId: 'openBreaker',
      method: 'post',
      paths: ['/v1/breakers/{name}/open'],
      tag: 'breakers',
      summary: 'Open a circuit breaker for one period: no process makes such calls',
      access: ['operate'],
      rateClass: 'operate',
      action: 'breaker.open',
      needsAudit: true,
      params: BreakerParams,
      query: NoQuery,
      body: NoBody,
      responses: { 200: { description: 'Open', schema: BreakerView } },
      handle: async ({ params }) => ({ status: 200, body: await operations.openBreaker(params.name) }),
    }),
  ];
}
