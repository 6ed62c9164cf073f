import type { OrchestrationResponse } from '../contracts/turn.ts';
import type { ShortCircuit } from '../contracts/support.ts';
import type { StoredMemory } from '../contracts/memory.ts';
import type { StepView } from '../contracts/run.ts';
import type { RunRecord } from '../primitives/durable/run-record.ts';
import { viewMemory } from '../sessions/memory/tell-memory.ts';
import type { SessionContext } from '../sessions/session-context.ts';
import type { RunReply } from './definition.ts';
import type { WorkflowSettings } from './context.ts';
import { NOTICE, NOTICE_LEVEL, RECOVERED_NOTICE, type Degradation } from './degradation.ts';
import { validationOf } from './fold-validations.ts';

/** An answer is never empty. */
const QUIET = 'For a moment all is quiet. What would you like to do?';

export interface ResponseContext {
  /** Null: it is no turn of a session. */
  readonly turn: number | null;
  /** As it was before the run ended. */
  readonly session: SessionContext | null;
  /** What the session remembers with this turn; left out: what it remembered before. */
  readonly memory?: StoredMemory;
  readonly status: 'completed' | 'failed' | 'timed_out';
  readonly degradation: Degradation;
  /** Output of each step by its path. */
  readonly results: Readonly<Record<string, unknown>>;
  readonly judging: WorkflowSettings['judging'];
  readonly slaMs: number;
  readonly nowMs: number;
}

/** The answer to a run that has ended: what the player reads, and what it took. */
export function composeResponse(
  run: RunRecord,
  reply: RunReply,
  steps: readonly StepView[],
  context: ResponseContext,
): OrchestrationResponse {
  const { degradation, session } = context;
  const memory = context.memory ?? session?.memory;
  const totalMs = context.nowMs - run.created_at;
  const validation = validationOf(run, steps, context);
  return {
    response_text: textOf(reply, context),
    ...(validation.level === 'not_validated' ? {} : { safety_validated: true }),
    updated_context: {
      session_id: run.session_id ?? null,
      turn: context.turn,
      memory: memory === undefined ? null : viewMemory(memory),
      world_state: reply.worldState,
      metadata: { ...session?.metadata },
      last_agent: reply.lastAgent,
    },
    workflow_metadata: {
      run_id: run.run_id,
      workflow_name: run.workflow,
      version: run.version,
      status: context.status,
      steps_executed: steps.filter((step) => step.status === 'completed').length,
      steps: steps.map(({ name, agent, status, attempts, duration_ms, source }) => ({
        name,
        agent,
        status,
        attempts,
        duration_ms,
        ...(source === undefined ? {} : { source }),
      })),
      intent: reply.intent,
      degraded: degradation.level > 0,
      degraded_level: degradation.level,
      degraded_reasons: [...degradation.reasons],
    },
    performance_metrics: {
      total_ms: totalMs,
      queue_ms: steps.reduce((sum, step) => sum + (step.queued_ms ?? 0), 0),
      by_agent: Object.fromEntries(steps.map((step) => [step.agent, { duration_ms: step.duration_ms ?? 0 }])),
      sla_ms: context.slaMs,
      sla_met: totalMs <= context.slaMs,
    },
    therapeutic_validation: validation,
    next_actions: reply.nextActions,
  };
}

/** The same run answered with care in the place of its story. */
export function answerWithCare(response: OrchestrationResponse, care: ShortCircuit): OrchestrationResponse {
  return {
    ...response,
    status: 'crisis_response',
    response_text: care.response_text,
    crisis_detected: true,
    safety_validated: true,
    crisis_response: care.crisis_response,
    human_oversight_notified: care.human_oversight_notified,
    workflow_metadata: { ...response.workflow_metadata, short_circuited: true },
    next_actions: [],
  };
}

/** A last resort says itself that something is missing. Who was told so is told once when nothing is missing any more. */
function textOf({ responseText }: RunReply, { turn, degradation, session }: ResponseContext): string {
  const text = responseText.trim() === '' ? QUIET : responseText;
  if (degradation.level === NOTICE_LEVEL) return `${text}\n\n${NOTICE}`;
  const isBack = turn !== null && degradation.level === 0 && (session?.degradedLevel ?? 0) >= NOTICE_LEVEL;
  return isBack ? `${text}\n\n${RECOVERED_NOTICE}` : text;
}
