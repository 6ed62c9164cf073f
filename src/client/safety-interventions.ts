import type { Intervention, InterventionState } from '../contracts/intervention.ts';
import type {
  ForgottenPlayer,
  ReleasedSession,
  ResolveIntervention,
} from '../contracts/safety-operations/interventions.ts';
import type { SafetyDashboard, SafetyReport } from '../contracts/safety-operations/reports.ts';
import type { CrisisLevel } from '../contracts/safety.ts';
import type { CallOptions, PageOptions, SubmitCallOptions } from './client.ts';
import type { Call } from './transport.ts';

export interface InterventionListOptions extends PageOptions {
  readonly state?: InterventionState | undefined;
  readonly level?: CrisisLevel | undefined;
}

export interface InterventionPage {
  readonly items: readonly Intervention[];
  readonly next_cursor: string | null;
  /** Records that stand there and cannot be read. */
  readonly unreadable: readonly string[];
}

/** What administrators ask of the safety of players. */
export interface InterventionsClient {
  /** Newest first, open and closed ones. */
  listInterventions(options?: InterventionListOptions): Promise<InterventionPage>;
  getIntervention(interventionId: string, options?: CallOptions): Promise<Intervention>;
  /** Closes it; one that is closed is refused with 409. */
  resolveIntervention(
    interventionId: string,
    request: ResolveIntervention,
    options?: SubmitCallOptions,
  ): Promise<Intervention>;
  /** Lets a session that is held play on. */
  releaseSession(sessionId: string, options?: SubmitCallOptions): Promise<ReleasedSession>;
  /** Forgets what is remembered of a player. */
  forgetPlayer(userId: string, options?: CallOptions): Promise<ForgottenPlayer>;
  safetyDashboard(options?: CallOptions): Promise<SafetyDashboard>;
  /** Of the last 1 to 720 hours; 24 when left out. */
  safetyReport(hours?: number, options?: CallOptions): Promise<SafetyReport>;
}

/** How the client asks. */
interface Asking {
  readonly get: <T>(path: string, options?: CallOptions, query?: Call['query']) => Promise<T>;
  readonly post: <T>(path: string, body: unknown, options?: SubmitCallOptions) => Promise<T>;
  readonly ask: <T>(call: Call) => Promise<T>;
}

export function interventionCalls({ get, post, ask }: Asking): InterventionsClient {
  const intervention = (id: string): string => `/v1/safety/interventions/${encodeURIComponent(id)}`;
  return {
    listInterventions: (o) =>
      get('/v1/safety/interventions', o, {
        limit: o?.limit,
        cursor: o?.cursor,
        state: o?.state,
        level: o?.level,
      }),
    getIntervention: (id, o) => get(intervention(id), o),
    resolveIntervention: (id, request, o) => post(`${intervention(id)}/resolve`, request, o),
    releaseSession: (id, o) => post(`/v1/safety/sessions/${encodeURIComponent(id)}/release`, {}, o),
    forgetPlayer: (id, o) =>
      ask({ method: 'DELETE', path: `/v1/safety/users/${encodeURIComponent(id)}`, signal: o?.signal }),
    safetyDashboard: (o) => get('/v1/safety/dashboard', o),
    safetyReport: (hours, o) => get('/v1/safety/report', o, { hours }),
  };
}
