import { FleetError } from '../../kernel/errors.ts';
import type { StepHandler } from '../plan/node.ts';
import { make } from './make.ts';
import type { StepContext } from '../step-context.ts';
import type { Primitive } from './primitive.ts';

/**
 * A step whose whole output is remembered (`ctx.memo`), with everything that is around its call: a step that is
 * delivered again is neither called nor charged again.
 *
 * Errors: definition_error (invalid_input) for anything that is no step with a handler
 */
export function remembered<I, O>({ plan }: Primitive<I, O>): Primitive<I, O> {
  if (plan.kind !== 'step' || plan.run === undefined) {
    throw new FleetError({
      code: 'definition_error',
      kind: 'invalid_input',
      message: `remembered() belongs on a step with a handler, not on a ${plan.kind}`,
    });
  }
  // Interpreters call a handler with what its input schema gave and a StepContext, nothing else.
  const call = plan.run as (input: unknown, ctx: StepContext) => Promise<unknown>;
  const run = ((input: unknown, ctx: StepContext) =>
    ctx.memo('output', () => call(input, ctx))) as StepHandler;
  return make({ ...plan, run });
}
