import type { SessionView } from '../../contracts/session.ts';
import type { OrchestrationResponse } from '../../contracts/turn.ts';
import type { Screened } from '../../safety/screening/screen-input.ts';

export interface AnsweredLine {
  readonly screened: Screened;
  readonly session: Pick<SessionView, 'session_id' | 'metadata'> | null;
  /** By `performance.now()`. */
  readonly receivedAt: number;
  readonly slaMs: number;
}

/** The answer to a line that was answered itself: no run, no turn, and the world stays as it is. */
export function answerOf({ screened, session, receivedAt, slaMs }: AnsweredLine): OrchestrationResponse {
  if (screened.verdict === 'pass') throw new TypeError('a line that passes is answered by its run');
  const { validation, text } = screened;
  const totalMs = Math.round((performance.now() - receivedAt) * 1000) / 1000;
  return {
    status: screened.verdict === 'blocked' ? 'blocked' : 'crisis_response',
    response_text: text,
    safety_validated: true,
    ...(screened.verdict === 'blocked'
      ? {}
      : {
          ...(validation.crisis_detected ? { crisis_detected: true as const } : {}),
          crisis_response: screened.crisis,
          human_oversight_notified: screened.oversight,
        }),
    updated_context: {
      session_id: session?.session_id ?? null,
      turn: null,
      memory: null,
      world_state: null,
      metadata: { ...session?.metadata },
      last_agent: 'safety',
    },
    workflow_metadata: {
      run_id: null,
      workflow_name: 'safety_intervention',
      version: 1,
      status: 'completed',
      short_circuited: true,
      steps_executed: 0,
      steps: [],
      intent: null,
      degraded: false,
      degraded_level: 0,
      degraded_reasons: [],
    },
    performance_metrics: {
      total_ms: totalMs,
      queue_ms: 0,
      by_agent: {},
      sla_ms: slaMs,
      sla_met: totalMs <= slaMs,
    },
    therapeutic_validation: {
      level: validation.level,
      findings: validation.findings.map((finding) => ({ ...finding, agent: 'ingress' })),
      crisis_detected: validation.crisis_detected,
      by_step: [{ agent: 'ingress', validation }],
    },
    next_actions: [],
  };
}
