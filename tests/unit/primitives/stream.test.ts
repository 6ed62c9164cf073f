import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fn, pipe } from '../../../src/primitives/compose/combine.ts';
import { runInProcess } from '../../../src/primitives/in-process/run.ts';
import { buffer, filter, tap, untilAbort } from '../../../src/primitives/stream/operators.ts';
import { stream } from '../../../src/primitives/stream/stream.ts';
import { fakeClock } from '../../../src/primitives/testing/fake-clock.ts';
import { testRun } from '../../../src/primitives/testing/test-run.ts';

async function* pieces(...texts: string[]): AsyncGenerator<string> {
  yield* texts;
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const piece of source) seen.push(piece);
  return seen;
}

/** Counts how far it was read, and whether it was left. */
function watched(texts: readonly string[]) {
  const state = { given: 0, returned: false };
  async function* generate(): AsyncGenerator<string> {
    try {
      for (const text of texts) {
        state.given += 1;
        yield text;
      }
    } finally {
      state.returned = true;
    }
  }
  return { state, generate };
}

/** Gives one piece, then nothing any more, and is told when it is left. */
function silentAfterOne() {
  const state = { returned: false };
  const source: AsyncIterable<string> = {
    [Symbol.asyncIterator]() {
      let isFirst = true;
      return {
        next: () => {
          if (!isFirst) return new Promise(() => undefined);
          isFirst = false;
          return Promise.resolve({ done: false, value: 'one' });
        },
        return: async () => {
          state.returned = true;
          return { done: true, value: undefined };
        },
      };
    },
  };
  return { state, source };
}

const upTo = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index} `);

describe('operators', () => {
  it('buffer merges content: nothing is lost, doubled or moved', async () => {
    const texts = upTo(12);
    const merged = await all(buffer(pieces(...texts), { maxChunks: 5 }));
    expect(merged).toHaveLength(3);
    expect(merged.join('')).toBe(texts.join(''));
    expect(await all(buffer(pieces()))).toEqual([]);
  });

  it('buffer passes on what it has when its time is over', async () => {
    const clock = fakeClock();
    const gate = Promise.withResolvers<void>();
    async function* slow(): AsyncGenerator<string> {
      yield 'a';
      yield 'b';
      await gate.promise;
      yield 'c';
    }
    const merged: string[] = [];
    const reading = (async () => {
      for await (const piece of buffer(slow(), { maxWaitMs: 50, clock })) merged.push(piece);
    })();
    await clock.advance(49);
    expect(merged).toEqual([]);
    await clock.advance(1);
    expect(merged).toEqual(['ab']);
    gate.resolve();
    await reading;
    expect(merged).toEqual(['ab', 'c']);
    expect(clock.pending).toBe(0);
  });

  it('filter and tap', async () => {
    const seen: string[] = [];
    const kept = await all(
      tap(
        filter(pieces('a', '', 'b'), (piece) => piece !== ''),
        (piece) => seen.push(piece),
      ),
    );
    expect(kept).toEqual(['a', 'b']);
    expect(seen).toEqual(kept);
  });

  it('read no further than they are asked, and leaving them leaves the source', async () => {
    const { state, generate } = watched(upTo(100));
    for await (const piece of tap(filter(generate(), Boolean), () => undefined)) if (piece === '2 ') break;
    expect(state).toEqual({ given: 3, returned: true });
  });

  it('an error of the source comes through', async () => {
    async function* broken(): AsyncGenerator<string> {
      yield 'a';
      throw new Error('broken');
    }
    await expect(all(buffer(broken()))).rejects.toThrow('broken');
    await expect(all(untilAbort(broken(), new AbortController().signal))).rejects.toThrow('broken');
  });

  it('an abort ends a silent source within 100 ms, and nothing comes after it', async () => {
    const { state, source } = silentAfterOne();
    const controller = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const piece of untilAbort(source, controller.signal)) {
        seen.push(piece);
        setImmediate(() => controller.abort(new Error('enough')));
      }
    })();
    const startedAt = performance.now();
    await expect(reading).rejects.toThrow('enough');
    expect(performance.now() - startedAt).toBeLessThan(100);
    expect(seen).toEqual(['one']);
    expect(state.returned).toBe(true);
  });
});

describe('stream', () => {
  const Input = z.object({ count: z.int().min(0) });
  const told = stream({
    name: 'tell',
    queue: 'nga',
    input: Input,
    generate: ({ count }) => pieces(...upTo(count)),
  });

  it('is a step of a plan, whose output is the aggregate', async () => {
    const length = pipe(
      told,
      fn('length', ({ chars }: { chars: number }) => chars),
    );
    expect((await testRun(length, { count: 3 })).output).toBe(6);
    expect((await testRun(told, { count: 3 })).output).toEqual({
      text: '0 1 2 ',
      chunks: 3,
      chars: 6,
      first_token_ms: 0,
      duration_ms: 0,
      chunks_per_second: 3000,
    });
    expect((await testRun(told, { count: 0 })).output).toMatchObject({ text: '', first_token_ms: null });
    expect((await testRun(told, { count: -1 })).errorCode).toBe('input_invalid');
  });

  it('gives its pieces to a consumer, as fast as they are taken', async () => {
    const { state, generate } = watched(upTo(100));
    const source = stream({ name: 'tell', queue: 'nga', input: Input, generate });
    const { signal } = new AbortController();
    for await (const piece of source.open({ count: 0 }, { signal })) if (piece === '4 ') break;
    expect(state).toEqual({ given: 5, returned: true });
    expect(() => source.open({ count: -1 }, { signal })).toThrow();
  });

  it('cancelling the run leaves the generator, and the outcome is cancelled', async () => {
    const { state, source } = silentAfterOne();
    const silent = stream({ name: 'tell', queue: 'nga', input: Input, generate: () => source });
    const controller = new AbortController();
    const run = runInProcess(silent, { count: 1 }, { signal: controller.signal });
    setImmediate(() => controller.abort(new Error('enough')));
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    await expect.poll(() => state.returned).toBe(true);
  });
});
