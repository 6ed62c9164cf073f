import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import {
  each,
  fn,
  match,
  parallel,
  pipe,
  route,
  saga,
  step,
  waitFor,
  when,
  type Settled,
  type UndoInput,
} from '../../../src/primitives/compose/combine.ts';
import type { In, Out, Primitive } from '../../../src/primitives/compose/primitive.ts';

const length = step({
  name: 'length',
  queue: 'q',
  input: z.string(),
  output: z.number(),
  run: async (text) => text.length,
});
const withDefault = step({
  name: 'with_default',
  queue: 'q',
  input: z.object({ text: z.string().default('') }),
  output: z.string().transform(Number),
  run: async ({ text }) => text,
});
const shout = fn('shout', (text: string) => `${text}!`);
const half = fn('half', (n: number) => n / 2);

describe('[P13.2] the types of compositions', () => {
  it('go from the input of a schema to the output of the other', () => {
    expectTypeOf<In<typeof withDefault>>().toEqualTypeOf<{ text?: string | undefined }>();
    expectTypeOf<Out<typeof withDefault>>().toEqualTypeOf<number>();
  });

  it('follow from their parts', () => {
    expectTypeOf(pipe(shout, length, half)).toEqualTypeOf<Primitive<string, number>>();
    expectTypeOf(shout.pipe(length).pipe(half)).toEqualTypeOf<Primitive<string, number>>();
    const twelve = () =>
      pipe(shout, shout, shout, shout, shout, shout, shout, shout, shout, shout, length, half);
    expectTypeOf(twelve).returns.toEqualTypeOf<Primitive<string, number>>();
    expectTypeOf<Out<ReturnType<typeof both>>>().toEqualTypeOf<[number, string]>();
    expectTypeOf<Out<ReturnType<typeof settled>>>().toEqualTypeOf<{
      a: Settled<number>;
      b: Settled<string>;
    }>();
    expectTypeOf(when('w', (text: string) => text !== '', length)).toEqualTypeOf<
      Primitive<string, number | string>
    >();
    expectTypeOf(length.fallback(fn('none', (_text: string) => null))).toEqualTypeOf<
      Primitive<string, number | null>
    >();
    expectTypeOf(each('e', (text: string) => text.split(''), length)).toEqualTypeOf<
      Primitive<string, number[]>
    >();
    expectTypeOf(waitFor('s', z.boolean(), { timeoutMs: 1, onTimeout: { value: 'late' } })).toEqualTypeOf<
      Primitive<unknown, string | boolean>
    >();
    expectTypeOf(saga<string>('s').step(length).step(half).build()).toEqualTypeOf<
      Primitive<string, number>
    >();
  });

  const both = () => parallel(length, shout);
  const settled = () => parallel({ a: length, b: shout }, { join: 'settled' });
  const pick = (text: string): 'a' | 'b' => (text === '' ? 'a' : 'b');

  it('refuse what does not fit', () => {
    const wrong = (): void => {
      // @ts-expect-error a number is no text
      pipe(length, shout);
      // @ts-expect-error the same, far from the beginning
      pipe(shout, shout, shout, shout, shout, shout, length, shout);
      // @ts-expect-error the same, method by method
      length.pipe(shout);
      // @ts-expect-error no input is both
      pipe(shout, parallel(shout, half));
      // @ts-expect-error the case b is missing
      match('m', pick, { a: length });
      // @ts-expect-error an alternative takes what the first takes
      length.fallback(half);
      // @ts-expect-error no such route
      route('r', { a: length }, () => ({ route: 'c', reason: '' }));
      // @ts-expect-error an undo is told of the step's input and output
      saga<string>('s').step(length, { compensate: fn('undo', (undo: UndoInput<string, string>) => undo) });
      // @ts-expect-error a stage of a saga takes what the one before gave
      saga<string>('s').step(length).step(shout);
      // @ts-expect-error items are not texts
      each('e', () => [1, 2], length);
      // @ts-expect-error a handler gives what its schema takes
      step({ name: 's', queue: 'q', input: z.string(), output: z.number(), run: async () => 'x' });
    };
    expect(wrong).toBeTypeOf('function');
  });
});
