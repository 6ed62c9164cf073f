import { z } from 'zod';
import { fn, match, parallel, pipe, saga, step, when } from '../../src/primitives/compose/combine.ts';
import type { Primitive } from '../../src/primitives/compose/primitive.ts';
import type { StepContext } from '../../src/primitives/step-context.ts';
import { asDefinition } from '../../src/workflows/as-definition.ts';
import { journal } from './crash-journal.ts';

// The definitions of the crash matrix: every process of its fleets imports this module.

const QUEUES = ['ipa', 'wba', 'nga'];
let queue = 0;

/** A step whose output names the process that made it, so that a second effect would show. */
function told(name: string, work: (input: unknown, ctx: StepContext) => unknown = () => undefined) {
  return step({
    name,
    queue: QUEUES[queue++ % QUEUES.length]!,
    input: z.unknown(),
    output: z.string(),
    run: async (input, ctx) => {
      const { path, idempotencyKey: key, attempt } = ctx;
      journal({ path, key, attempt, pid: process.pid, input });
      await work(input, ctx);
      return `${name} by ${process.pid}`;
    },
  });
}

function failing(name: string) {
  return told(name, () => {
    throw Object.assign(new Error('on purpose'), { retryable: false });
  });
}

/** Four steps with an undo each; what `third` and `undo` do is the test's. */
function trip(name: string, third: Primitive<unknown, unknown>, undoSecond: Primitive<unknown, unknown>) {
  return saga<unknown>(name)
    .step(told('flight'), { compensate: told('cancel_flight') })
    .step(told('hotel'), { compensate: undoSecond })
    .step(third, { compensate: told('cancel_car') })
    .step(told('tickets'), { compensate: told('cancel_tickets') })
    .build();
}

export const plans = [
  asDefinition(pipe(told('first'), told('second'), told('third')), { name: 'chain' }),
  asDefinition(
    pipe(
      told('ask'),
      when('is_told', (answer: unknown) => typeof answer === 'string', told('tell')),
      told('close'),
    ),
    { name: 'decides' },
  ),
  asDefinition(
    pipe(
      told('toss'),
      fn('side', (_: unknown, ctx) => (ctx.random() < 0.5 ? 'heads' : 'tails')),
      match('by_side', (side: string) => side, { heads: told('won'), tails: told('lost') }),
    ),
    { name: 'chance' },
  ),
  asDefinition(
    pipe(
      told('open'),
      parallel({ left: pipe(told('l1'), told('l2')), right: pipe(told('r1'), told('r2')) }),
      told('merge'),
    ),
    { name: 'branches' },
  ),
  asDefinition(trip('trip', failing('car'), told('cancel_hotel')), { name: 'trip' }),
  asDefinition(trip('trip', failing('car'), failing('cancel_hotel')), { name: 'stuck_trip' }),
];
