import { FleetError } from '../kernel/errors.ts';
import type { RunRecord } from '../primitives/durable/run-record.ts';
import { deliverSignal } from '../primitives/durable/signals.ts';
import { childrenOf } from '../primitives/plan/children.ts';
import type { PlanNode, WaitNode } from '../primitives/plan/node.ts';
import { runNotFound } from './cancel.ts';
import type { WorkflowContext } from './context.ts';
import { nudge } from './nudge.ts';
import { validationFailed } from './start.ts';

/**
 * Give a run a payload it waits for, now or later. The first payload of a name is taken, exactly once.
 *
 * Errors: run_not_found, signal_unknown (not_found), signal_invalid (422), run_not_signalable (conflict)
 */
export async function signalRun(
  ctx: WorkflowContext,
  run: RunRecord,
  name: string,
  payload: unknown,
): Promise<void> {
  const definition = ctx.catalog.find(run.workflow, run.version);
  const wait = definition === undefined ? null : waitNamed(definition.plan, name);
  if (wait === null) {
    throw new FleetError({
      code: 'signal_unknown',
      kind: 'not_found',
      message: `workflow ${run.workflow}@${run.version} waits for no signal "${name}"`,
    });
  }
  const parsed = wait.schema.safeParse(payload);
  if (!parsed.success) {
    const { message, problems = [] } = validationFailed(parsed.error, `signal "${name}"`, '');
    throw new FleetError({
      code: 'signal_invalid',
      kind: 'invalid_input',
      httpStatus: 422,
      message,
      problems,
    });
  }
  const outcome = await deliverSignal(ctx.store, run.run_id, name, parsed.data);
  if (outcome.verdict === 'missing') throw runNotFound(run.run_id);
  if (outcome.verdict !== 'delivered') {
    throw new FleetError({
      code: 'run_not_signalable',
      kind: 'conflict',
      retryable: false,
      message:
        outcome.verdict === 'taken'
          ? `run "${run.run_id}" has taken a signal "${name}" already`
          : `run "${run.run_id}" has ended: ${outcome.status}`,
      details: { status: outcome.status },
    });
  }
  await nudge(ctx, run.run_id);
}

function waitNamed(node: PlanNode, name: string): WaitNode | null {
  if (node.kind === 'wait' && node.name === name) return node;
  for (const child of childrenOf(node)) {
    const found = waitNamed(child.node, name);
    if (found !== null) return found;
  }
  return null;
}
