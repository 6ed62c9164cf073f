import { z } from 'zod';
import {
  each,
  fn,
  match,
  parallel,
  pipe,
  repeatUntil,
  route,
  saga,
  step,
  when,
} from '../../src/primitives/compose/combine.ts';
import type { Primitive } from '../../src/primitives/compose/primitive.ts';
import type { StepContext } from '../../src/primitives/step-context.ts';

export const Note = z.object({ n: z.number(), text: z.string() });
export type Note = z.infer<typeof Note>;

/** A step that passes its note on, one higher, in words of its own. */
export function say(
  name: string,
  work: (note: Note, ctx: StepContext) => Note | Promise<Note> = (note) => ({ ...note, n: note.n + 1 }),
  queue = 'ipa',
): Primitive<Note, Note> {
  return step({ name, queue, input: Note, output: Note, run: async (note, ctx) => work(note, ctx) });
}

/** What a handler throws may quote the player. */
function failing(note: Note): never {
  throw new Error(`could not do "${note.text}"`);
}

const QUICK = { baseDelayMs: 5, maxDelayMs: 10, jitter: 0 };

const undo = step({
  name: 'unbook',
  queue: 'wba',
  input: z.unknown(),
  output: z.null(),
  run: async () => null,
});

/** A plan with a node of every kind but `wait` and `call`; it completes, and its text is in every input and output. */
export function tourPlan(): Primitive<Note, Note> {
  const flaky = say('flaky', (note, { attempt }) => (attempt === 1 ? failing(note) : note), 'wba');
  const second = say('second', (note, { path }) => (path.includes('~r') ? note : failing(note)));
  const opening = pipe(
    say('open'),
    fn('glue', (note: Note) => note),
    parallel({ left: say('left'), right: pipe(say('r1'), say('r2', undefined, 'wba')) }),
    fn('pick', ({ left }: { left: Note }) => left),
  );
  const choices = pipe(
    when('big', ({ n }: Note) => n > 0, say('yes'), say('no')),
    match('letter', () => 'b', { a: say('ca'), b: say('cb') }),
    route('model', { x: say('mx'), y: say('my') }, () => ({ route: 'y' as 'x' | 'y', reason: 'chosen' })),
    each('items', (note: Note) => [note, note], say('item', undefined, 'nga')),
    fn('one', (notes: Note[]) => notes[0]!),
  );
  const repeated = pipe(
    repeatUntil('again', say('round'), ({ n }) => n >= 9, { maxIterations: 9 }),
    flaky.retry({ maxAttempts: 3, ...QUICK }),
    pipe(say('begin'), second).retry({ maxAttempts: 2, ...QUICK }),
    pipe(say('calm'), say('calmer')).timeout(60_000),
  );
  const trip = saga<Note>('trip').step(say('book'), { compensate: undo }).step(say('pay', failing)).build();
  return pipe(
    opening,
    choices,
    repeated,
    trip.fallback(say('plan_b')),
    say('kept').cached({ scope: 'global' }),
  );
}
