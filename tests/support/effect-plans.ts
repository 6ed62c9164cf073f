import { z } from 'zod';
import { step, pipe } from '../../src/primitives/compose/combine.ts';
import type { AnyPrimitive, Primitive } from '../../src/primitives/compose/primitive.ts';
import type { StepContext } from '../../src/primitives/step-context.ts';
import type { Compensators, OnFailure } from '../../src/primitives/effects/effect.ts';
import { createCatalog, type Catalog } from '../../src/workflows/catalog/catalog.ts';

/** A step that does something and passes its input on. */
export function doing(
  name: string,
  work: (ctx: StepContext, input: unknown) => unknown,
  options: { readonly savepoint?: true | string; readonly queue?: string } = {},
): Primitive<unknown, unknown> {
  const { queue = 'nga', ...rest } = options;
  return step({
    name,
    queue,
    input: z.unknown(),
    output: z.unknown(),
    ...rest,
    run: async (input, ctx) => (await work(ctx, input)) ?? input,
  });
}

export const broken = doing('broken', () => {
  throw Object.assign(new Error('it broke'), { retryable: false });
});

export interface EffectPlan {
  readonly steps: readonly [AnyPrimitive, ...AnyPrimitive[]];
  readonly onFailure?: OnFailure;
  readonly compensators?: Compensators;
  readonly timeoutMs?: number;
}

export function chain(steps: EffectPlan['steps']): Primitive<unknown, unknown> {
  // Whatever a step gives, the next one takes.
  return (steps as unknown as readonly Primitive<unknown, unknown>[]).reduce((before, next) =>
    pipe(before, next),
  );
}

/** A catalog of plans whose steps have effects. */
export function effectCatalog(plans: Readonly<Record<string, EffectPlan>>): Catalog {
  return createCatalog(
    Object.entries(plans).map(([name, { steps, timeoutMs = 30_000, ...rest }]) => ({
      name,
      version: 1,
      input: z.unknown(),
      timeoutMs,
      needsIntent: false,
      plan: chain(steps).plan,
      ...rest,
    })),
  );
}
