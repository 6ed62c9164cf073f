import { z } from 'zod';
import { CapabilityStatistics } from '../../coordination/capabilities/overview.ts';
import { CapabilityDiscoveryRequest } from '../../coordination/capabilities/search-options.ts';
import { AgentCapabilitySet } from '../../coordination/models/capability.ts';
import { CapabilityDiscoveryResponse } from '../../coordination/models/capability-search.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoQuery } from '../schemas.ts';

const Sets = z.strictObject({ items: z.array(AgentCapabilitySet) }).meta({ id: 'CapabilitySets' });

/** What agents can do, and who can do something. */
export function capabilityRoutes({ operations }: HttpDeps): Route[] {
  return [
    defineRoute({
      operationId: 'discoverCapabilities',
      method: 'post',
      paths: ['/v1/capabilities/discover'],
      tag: 'agents',
      summary: 'Find agents that can do something',
      description: 'An answer without matches is no error. Agents that are not alive are never found.',
      access: ['read'],
      query: NoQuery,
      body: CapabilityDiscoveryRequest,
      responses: { 200: { description: 'Who can, the best first', schema: CapabilityDiscoveryResponse } },
      handle: async ({ rawBody }) => ({
        status: 200,
        body: await operations.discoverCapabilities(rawBody as CapabilityDiscoveryRequest), // it was checked
      }),
    }),
    defineRoute({
      operationId: 'listCapabilities',
      method: 'get',
      paths: ['/v1/capabilities'],
      tag: 'agents',
      summary: 'List what all agents that are alive can do',
      access: ['read'],
      query: NoQuery,
      responses: { 200: { description: 'By agent', schema: Sets } },
      handle: async () => ({ status: 200, body: { items: await operations.listCapabilities() } }),
    }),
    defineRoute({
      operationId: 'capabilityStatistics',
      method: 'get',
      paths: ['/v1/capabilities/statistics'],
      tag: 'agents',
      summary: 'Count what agents can do',
      access: ['read'],
      query: NoQuery,
      responses: { 200: { description: 'The counts', schema: CapabilityStatistics } },
      handle: async () => ({ status: 200, body: await operations.capabilityStatistics() }),
    }),
  ];
}
