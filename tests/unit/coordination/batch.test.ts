import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Batch, inParts } from '../../../src/coordination/messages/batch.ts';

/** Answers each item with itself, and keeps what went out together. */
function recorded(most = 100): { batch: Batch<number, string>; runs: (readonly number[])[] } {
  const runs: (readonly number[])[] = [];
  const batch = new Batch<number, string>(
    async (items) => {
      runs.push(items);
      if (items.includes(13)) throw new Error('unlucky');
      return items.map((item) => `answer ${item}`);
    },
    { most },
  );
  return { batch, runs };
}

describe('what is asked for in the same turn', () => {
  test('goes out together, in order, and everybody gets the own answer', async () => {
    const { batch, runs } = recorded();
    const later = async (item: number): Promise<string> => {
      // Steps of the same turn, however many.
      for (let step = 0; step < item; step += 1) await Promise.resolve();
      return batch.ask(item);
    };
    expect(await Promise.all([batch.ask(1), later(5), later(3), batch.ask(2)])).toEqual([
      'answer 1',
      'answer 5',
      'answer 3',
      'answer 2',
    ]);
    expect(runs).toEqual([[1, 2, 3, 5]]);
  });

  test('does not wait for what comes in the next one', async () => {
    const { batch, runs } = recorded();
    await batch.ask(1);
    await batch.ask(2);
    expect(runs).toEqual([[1], [2]]);
  });

  test('shares the error of those it went with, and no other', async () => {
    const { batch } = recorded(2);
    const all = [1, 2, 12, 13, 4].map((item) => batch.ask(item));
    expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
  });
});

test('parts keep the order and the limits, and only what is too heavy by itself exceeds them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(20)),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 30 }),
      (weights, most, heaviest) => {
        const entries = weights.map((item) => ({ item }));
        const parts = inParts(entries, { most, heaviest, weigh: (weight: number) => weight });
        expect(parts.flat()).toEqual(entries);
        for (const part of parts) {
          expect(part.length).toBeGreaterThan(0);
          expect(part.length).toBeLessThanOrEqual(most);
          const weight = part.reduce((sum, { item }) => sum + item, 0);
          expect(part.length === 1 || weight <= heaviest).toBe(true);
        }
        // None could have gone with the one before.
        for (const [index, part] of parts.entries()) {
          const before = parts[index - 1];
          if (before === undefined) continue;
          const weight = before.reduce((sum, { item }) => sum + item, part[0]!.item);
          expect(before.length === most || weight > heaviest).toBe(true);
        }
      },
    ),
  );
});
