import type {
  AgentListing,
  AgentReason,
  AgentStatus,
  AgentInclude,
  AskedOfAgent,
  PreviewQuestion,
  SystemHealth,
  SystemSummary,
} from '../coordination/agents/operations.ts';
import type { DiscoveryStatus } from '../coordination/capabilities/discovery/status.ts';
import type { CapabilityStatistics } from '../coordination/capabilities/overview.ts';
import type { CapabilityDiscoveryRequest } from '../coordination/capabilities/search-options.ts';
import type { AgentCapabilitySet } from '../coordination/models/capability.ts';
import type { CapabilityDiscoveryResponse } from '../coordination/models/capability-search.ts';
import type { RoutingPreview } from '../coordination/models/routing.ts';
import type { CallOptions, SubmitCallOptions } from './client.ts';
import type { Call, Transport } from './transport.ts';

export interface AgentListOptions extends CallOptions {
  readonly type?: string;
  readonly status?: AgentStatus;
  readonly include?: readonly AgentInclude[];
}

/** The agents of the fleet; an agent is named `type:instance`. */
export interface AgentsClient {
  agents(options?: AgentListOptions): Promise<AgentListing[]>;
  agent(id: string, options?: CallOptions): Promise<AgentListing>;
  deregisterAgent(id: string, options?: SubmitCallOptions): Promise<void>;
  drainAgent(id: string, request?: AgentReason, options?: SubmitCallOptions): Promise<AskedOfAgent>;
  restartAgent(id: string, request?: AgentReason, options?: SubmitCallOptions): Promise<AskedOfAgent>;
  degradeAgent(id: string, request?: AgentReason, options?: SubmitCallOptions): Promise<AskedOfAgent>;
  undegradeAgent(id: string, options?: SubmitCallOptions): Promise<AskedOfAgent>;
  previewRouting(question: PreviewQuestion, options?: CallOptions): Promise<RoutingPreview>;
  capabilities(options?: CallOptions): Promise<AgentCapabilitySet[]>;
  capabilityStatistics(options?: CallOptions): Promise<CapabilityStatistics>;
  /** Who can do this, the best first. */
  discoverCapabilities(
    request: CapabilityDiscoveryRequest,
    options?: SubmitCallOptions,
  ): Promise<CapabilityDiscoveryResponse>;
  discoveryStatus(options?: CallOptions): Promise<DiscoveryStatus>;
  systemSummary(options?: CallOptions): Promise<SystemSummary>;
  systemHealth(options?: CallOptions): Promise<SystemHealth>;
}

interface Calls {
  readonly get: <T>(path: string, options?: CallOptions, query?: Call['query']) => Promise<T>;
  readonly post: <T>(path: string, body: unknown, options?: SubmitCallOptions) => Promise<T>;
  readonly transport: Transport;
}

export function agentCalls({ get, post, transport }: Calls): AgentsClient {
  const at = (id: string): string => `/v1/agents/${encodeURIComponent(id)}`;
  const flag = (value: boolean | undefined): string | undefined =>
    value === undefined ? undefined : String(value);
  return {
    async agents(o) {
      const query = { type: o?.type, status: o?.status, include: o?.include?.join(',') };
      return (await get<{ items: AgentListing[] }>('/v1/agents', o, query)).items;
    },
    agent: (id, o) => get(at(id), o),
    async deregisterAgent(id, { signal, idempotencyKey } = {}) {
      const key = idempotencyKey === undefined ? {} : { idempotencyKey };
      await transport({ method: 'DELETE', path: at(id), signal, ...key });
    },
    drainAgent: (id, request = {}, o) => post(`${at(id)}/drain`, request, o),
    restartAgent: (id, request = {}, o) => post(`${at(id)}/restart`, request, o),
    degradeAgent: (id, request = {}, o) => post(`${at(id)}/degrade`, request, o),
    undegradeAgent: (id, o) => post(`${at(id)}/undegrade`, {}, o),
    previewRouting: ({ agentType, excludeDegraded, showAllCandidates }, o) =>
      get('/v1/routing/preview', o, {
        agent_type: agentType,
        exclude_degraded: flag(excludeDegraded),
        show_all_candidates: flag(showAllCandidates),
      }),
    async capabilities(o) {
      return (await get<{ items: AgentCapabilitySet[] }>('/v1/capabilities', o)).items;
    },
    capabilityStatistics: (o) => get('/v1/capabilities/statistics', o),
    discoverCapabilities: (request, o) => post('/v1/capabilities/discover', request, o),
    discoveryStatus: (o) => get('/v1/diagnostics/discovery/status', o),
    systemSummary: (o) => get('/v1/diagnostics/system/summary', o),
    systemHealth: (o) => get('/v1/diagnostics/system/health', o),
  };
}
