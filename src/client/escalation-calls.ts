import type { ChannelName, Escalation, Tier } from '../contracts/escalation.ts';
import type {
  AcknowledgedEscalation,
  AcknowledgeEscalation,
  ChannelTest,
  ResolveEscalation,
  SafetyConsoleEntry,
} from '../contracts/safety-operations/escalations.ts';
import type { CrisisLevel } from '../contracts/safety.ts';
import type { Page } from '../contracts/operator.ts';
import type { CallOptions, PageOptions, SubmitCallOptions } from './client.ts';

export interface EscalationListOptions extends PageOptions {
  readonly status?: Escalation['status'];
  readonly level?: CrisisLevel;
}

/** The calls to people, and what they answer. */
export interface EscalationCalls {
  listEscalations(options?: EscalationListOptions): Promise<Page<Escalation>>;
  getEscalation(escalationId: string, options?: CallOptions): Promise<Escalation>;
  /** Takes it: nobody else is called. Needs the role admin, or the token of the page. */
  acknowledgeEscalation(
    escalationId: string,
    request: AcknowledgeEscalation,
    options?: SubmitCallOptions,
  ): Promise<AcknowledgedEscalation>;
  resolveEscalation(
    escalationId: string,
    request: ResolveEscalation,
    options?: SubmitCallOptions,
  ): Promise<Escalation>;
  /** The console: pages and alerts, oldest first. */
  listSafetyAlerts(
    options?: CallOptions & { readonly limit?: number; readonly after?: string },
  ): Promise<{ items: SafetyConsoleEntry[] }>;
  /** Sends a test over a channel to people. */
  testChannel(
    channel: ChannelName,
    request?: { readonly tier?: Tier },
    options?: SubmitCallOptions,
  ): Promise<ChannelTest>;
}

interface Asking {
  readonly get: <T>(
    path: string,
    options?: CallOptions,
    query?: Record<string, string | number | undefined>,
  ) => Promise<T>;
  readonly post: <T>(path: string, body: unknown, options?: SubmitCallOptions) => Promise<T>;
}

export function escalationCalls({ get, post }: Asking): EscalationCalls {
  return {
    listEscalations: (o) =>
      get('/v1/safety/escalations', o, {
        limit: o?.limit,
        cursor: o?.cursor,
        status: o?.status,
        level: o?.level,
      }),
    getEscalation: (id, o) => get(escalationPath(id), o),
    acknowledgeEscalation: (id, request, o) => post(`${escalationPath(id)}/acknowledge`, request, o),
    resolveEscalation: (id, request, o) => post(`${escalationPath(id)}/resolve`, request, o),
    listSafetyAlerts: (o) => get('/v1/safety/alerts', o, { limit: o?.limit, after: o?.after }),
    testChannel: (channel, request = {}, o) =>
      post(`/v1/safety/channels/${encodeURIComponent(channel)}/test`, request, o),
  };
}

function escalationPath(id: string): string {
  return `/v1/safety/escalations/${encodeURIComponent(id)}`;
}
