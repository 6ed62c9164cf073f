import type { OrchestrationResponse } from '../contracts/turn.ts';
import type { StepView } from '../contracts/run.ts';
import type { RunRecord } from '../primitives/durable/run-record.ts';
import type { RunReply } from './definition.ts';

/** The answer to a completed run: what the player reads, and what it took. */
export function composeResponse(
  run: RunRecord,
  reply: RunReply,
  steps: readonly StepView[],
  context: { turn: number | null; isDegraded: boolean; slaMs: number; nowMs: number },
): OrchestrationResponse {
  const totalMs = context.nowMs - run.created_at;
  return {
    response_text: reply.responseText,
    updated_context: {
      session_id: run.session_id ?? null,
      turn: context.turn,
      world_state: reply.worldState,
      last_agent: reply.lastAgent,
    },
    workflow_metadata: {
      run_id: run.run_id,
      workflow_name: run.workflow,
      version: run.version,
      status: 'completed',
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
      degraded: context.isDegraded,
      degraded_reasons: steps
        .filter(({ status }) => context.isDegraded && status === 'failed')
        .map(({ name }) => `step_skipped:${name}`),
    },
    performance_metrics: {
      total_ms: totalMs,
      queue_ms: steps.reduce((sum, step) => sum + (step.queued_ms ?? 0), 0),
      by_agent: Object.fromEntries(steps.map((step) => [step.agent, { duration_ms: step.duration_ms ?? 0 }])),
      sla_ms: context.slaMs,
      sla_met: totalMs <= context.slaMs,
    },
    therapeutic_validation: { level: 'not_validated', findings: [] },
    next_actions: reply.nextActions,
  };
}
