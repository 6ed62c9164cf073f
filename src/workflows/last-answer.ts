import { staticLeaves } from '../primitives/plan/leaves.ts';
import { readRun, type RunFacts } from '../primitives/durable/read-run.ts';
import type { SessionContext } from '../sessions/session-context.ts';
import { callDefinition } from './call-definition.ts';
import { answerWithCare, composeResponse } from './compose-response.ts';
import type { WorkflowContext } from './context.ts';
import type { RunReply, WorkflowDefinition } from './definition.ts';
import { degradationOf } from './degradation.ts';
import type { Ending } from './end-run.ts';
import { foldSteps } from './fold-steps.ts';
import { shortCircuitIn } from './fold-validations.ts';
import { surroundings } from './surroundings.ts';

/**
 * What a player is told although the run failed: the output of a failed run. It is no turn of the session: nothing
 * is added to the history, and when the run is resumed its story takes the place of this answer.
 *
 * @returns null where the run is no turn, was cancelled, or nothing can be said
 * Source: spec, workflows 2.5
 */
export async function lastAnswer(
  ctx: WorkflowContext,
  definition: WorkflowDefinition,
  facts: RunFacts,
  status: Ending['status'],
  nowMs: number,
): Promise<Pick<Ending, 'output' | 'degradation'> | null> {
  const { run, results, events } = facts;
  const isTurn = facts.session !== null && run.called_by === undefined;
  if (!isTurn || (status !== 'failed' && status !== 'timed_out')) return null;
  if (definition.lastResort === undefined) return null;
  // What surrounds the run is read only now: most runs do not fail.
  const around = await readRun(ctx.store, run.run_id, run.session_id, true);
  const said = around === null ? null : replyOf(ctx, definition, around);
  if (said === null) return null;
  const { reply, session } = said;
  const steps = foldSteps(staticLeaves(definition.plan), events, facts);
  const degradation = degradationOf({ results, steps, isDegraded: false, isLastResort: true });
  const { judging, slaMs } = ctx.settings;
  const context = { turn: null, session, status, degradation, results, judging, slaMs, nowMs };
  const response = composeResponse(run, reply, steps, context);
  const care = shortCircuitIn(results);
  return {
    degradation,
    output: care === null ? response : answerWithCare(response, care),
  };
}

/** That the run ends matters more than what it says. */
function replyOf(
  ctx: WorkflowContext,
  definition: WorkflowDefinition,
  facts: RunFacts,
): { reply: RunReply; session: SessionContext | null } | null {
  const { run, results } = facts;
  try {
    const around = surroundings(facts);
    const { session } = around;
    const reply = callDefinition(definition.name, () => {
      return definition.lastResort?.({ input: run.input, results, session, around }) ?? null;
    });
    return reply === null ? null : { reply, session };
  } catch (error) {
    ctx.log.debug({ workflow_id: run.run_id, err: error }, 'a failed turn could not be answered');
    return null;
  }
}
