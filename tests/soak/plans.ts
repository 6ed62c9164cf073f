import type { StepContext } from '../../src/primitives/step-context.ts';
import { mapLeaves } from '../../src/primitives/testing/map-plan.ts';
import type { WorkflowDefinition } from '../../src/workflows/definition.ts';
import { randomCases, SHORT_TIME } from '../support/random-plans.ts';
import { toldPlans } from './about.ts';
import { openLedger, type Ledger } from './ledger.ts';

// What the processes of a soak know: random plans whose steps keep a ledger.

const about = toldPlans();

let opened: Ledger | undefined;
const ledger = (): Ledger => (opened ??= openLedger(about.redisUrl, about.ledger));

export const plans: readonly WorkflowDefinition[] = randomCases({ ...about, clock: SHORT_TIME }).map(
  ({ definition }) => ({
    ...definition,
    // Long enough for every stall; what a limit of time does is not the question here.
    timeoutMs: 900_000,
    plan: mapLeaves(definition.plan, (leaf) => {
      if (leaf.kind !== 'step') return leaf;
      const handler = leaf.run!;
      return {
        ...leaf,
        run: async (input: never, ctx: never) => {
          const { idempotencyKey, attempt } = ctx as StepContext;
          await ledger().begin(idempotencyKey, attempt, input);
          const output = await handler(input, ctx);
          await ledger().apply(idempotencyKey, output);
          return output;
        },
      };
    }),
  }),
);
