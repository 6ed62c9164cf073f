import { z } from 'zod';
import { SystemHealth, SystemSummary } from '../../coordination/agents/operations.ts';
import { DiscoveryStatus } from '../../coordination/capabilities/discovery/status.ts';
import { AgentType } from '../../coordination/models/agent-id.ts';
import { RoutingPreview } from '../../coordination/models/routing.ts';
import { FleetError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoQuery } from '../schemas.ts';

const Flag = z.enum(['true', 'false']).transform((text) => text === 'true');

const PreviewQuery = z.strictObject({
  agent_type: AgentType,
  exclude_degraded: Flag.default(true),
  show_all_candidates: Flag.default(false),
});

/** How agents stand, in more detail than those who only use them need. Needs `diagnostics.enabled`. */
export function diagnosticsRoutes({ config, operations }: HttpDeps): Route[] {
  const shared = { method: 'get', tag: 'agents', access: ['read'] } as const;
  /** Errors: feature_disabled (forbidden) */
  const assertEnabled = (): void => {
    if (config.diagnostics.enabled) return;
    throw new FleetError({
      code: 'feature_disabled',
      kind: 'forbidden',
      message: 'diagnostics over HTTP are turned off (diagnostics.enabled)',
    });
  };
  return [
    defineRoute({
      ...shared,
      operationId: 'previewRouting',
      paths: ['/v1/routing/preview', '/routing/preview'],
      summary: 'Show whom the next message to a type of agents goes to, and why',
      description: 'Nothing changes. A type nobody knows has nobody selected. Needs `diagnostics.enabled`.',
      query: PreviewQuery,
      responses: { 200: { description: 'The decision', schema: RoutingPreview } },
      handle: async ({ query }) => {
        assertEnabled();
        const body = await operations.previewRouting({
          agentType: query.agent_type,
          excludeDegraded: query.exclude_degraded,
          showAllCandidates: query.show_all_candidates,
        });
        return { status: 200, body };
      },
    }),
    defineRoute({
      ...shared,
      operationId: 'discoveryStatus',
      paths: ['/v1/diagnostics/discovery/status', '/diagnostics/discovery/status'],
      summary: 'How the advertisement of capabilities stands, by agent',
      description: 'As each agent told it with its last heartbeat. Needs `diagnostics.enabled`.',
      query: NoQuery,
      responses: { 200: { description: 'The status', schema: DiscoveryStatus } },
      handle: async () => {
        assertEnabled();
        return { status: 200, body: await operations.discoveryStatus() };
      },
    }),
    defineRoute({
      ...shared,
      operationId: 'systemSummary',
      paths: ['/v1/diagnostics/system/summary', '/diagnostics/system/summary'],
      summary: 'Count agents by their health, and what they can do',
      description:
        'Healthy below twice its `heartbeat_ttl` since the last heartbeat, degraded below ten times. Needs `diagnostics.enabled`.',
      query: NoQuery,
      responses: { 200: { description: 'The counts', schema: SystemSummary } },
      handle: async () => {
        assertEnabled();
        return { status: 200, body: await operations.systemSummary() };
      },
    }),
    defineRoute({
      ...shared,
      operationId: 'systemHealth',
      paths: ['/v1/diagnostics/system/health', '/diagnostics/system/health'],
      summary: 'The health of each agent',
      description: 'By the same measure as the summary. Needs `diagnostics.enabled`.',
      query: NoQuery,
      responses: { 200: { description: 'The health', schema: SystemHealth } },
      handle: async () => {
        assertEnabled();
        return { status: 200, body: await operations.systemHealth() };
      },
    }),
  ];
}
