import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CUE_KINDS, hashOfCue, type CueKind } from '../../../src/safety/learned/cue-hash.ts';
import { COLUMNS, LearnedModel, OUTCOMES } from '../../../src/safety/learned/learned-model.ts';
import { modelHeader } from '../../../src/safety/learned/read-cues.ts';

const STEP = 32;

const part = fc.string({
  unit: fc.constantFrom('a', 'b', '<', 'é', '\u{1f622}'),
  minLength: 1,
  maxLength: 3,
});
const weight = fc.oneof(
  fc.integer({ min: -900, max: 900 }).map((hundredths) => String(hundredths / 100)),
  fc.constantFrom('0', '-0.01', '7', '1e1', '.5', '0.015625'),
);
const weights = fc.dictionary(fc.constantFrom(...COLUMNS), weight, { minKeys: 1, noNullPrototype: true });
const cue = fc.record({
  kind: fc.constantFrom(...CUE_KINDS),
  first: part,
  second: fc.oneof(fc.constant(''), part),
  weights,
});
type Cue = typeof cue extends fc.Arbitrary<infer C> ? C : never;
const cues = fc.uniqueArray(cue, { maxLength: 12, selector: (one) => keyOf(one) });

function keyOf({ kind, first, second }: { kind: CueKind; first: string; second: string }): number {
  return hashOfCue(kind, first, second === '' ? undefined : second);
}

function entries(of: Readonly<Record<string, string>>): string {
  return Object.entries(of)
    .map(([column, value]) => `${column}=${value}`)
    .join('\t');
}

function modelOf(known: readonly Cue[], bias: Readonly<Record<string, string>>): LearnedModel {
  const lines = known.map((one) => [one.kind, one.first, one.second, entries(one.weights)].join('\t'));
  return new LearnedModel(
    [modelHeader(), '# of nothing', `bias\t\t\t${entries(bias)}`, ...lines, ''].join('\n'),
  );
}

/** In steps, as far as a weight may go. */
function stepsOf(value: string | undefined): number {
  return Math.max(-128, Math.min(127, Math.round(Number(value ?? 0) * STEP)));
}

test('sums are those of the lines of the file, each cue once, however many there are', () => {
  const strangers = fc.array(fc.integer({ min: 1, max: 2 ** 31 - 1 }), { maxLength: 5 });
  fc.assert(
    fc.property(
      cues,
      weights,
      fc.array(fc.nat(), { maxLength: 40 }),
      strangers,
      (known, bias, picks, others) => {
        const model = modelOf(known, bias);
        const picked = known.length === 0 ? [] : picks.map((pick) => known[pick % known.length]!);
        const own = new Set(known.map(keyOf));
        const keys = [...picked.map(keyOf), ...others.filter((key) => !own.has(key))];
        model.weigh(Int32Array.from(keys), keys.length);
        const expected = COLUMNS.map((column) => {
          const sum = [...new Set(picked)].reduce((all, one) => all + stepsOf(one.weights[column]), 0);
          return sum / STEP + Number(bias[column] ?? 0);
        });
        expect([...model.sums]).toEqual(expected);
        expect(model.shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
      },
    ),
  );
});

test('many cues of the largest weight do not overflow into the column beside them', () => {
  const words = Array.from({ length: 2000 }, (_, i) => `w${i}`);
  const extreme = Object.fromEntries(COLUMNS.map((column, i) => [column, i % 2 === 0 ? '9' : '-9']));
  const model = modelOf(
    words.map((first) => ({ kind: 'word', first, second: '', weights: extreme })),
    { safe: '0' },
  );
  const keys = Int32Array.from(words, (word) => hashOfCue('word', word, undefined));
  model.weigh(keys, keys.length);
  expect([...model.sums]).toEqual(COLUMNS.map((_, i) => (words.length * (i % 2 === 0 ? 127 : -128)) / STEP));
  expect(OUTCOMES[model.shares.indexOf(Math.max(...model.shares))]).toBe(OUTCOMES[0]);
});

test('how much a word alarms is what its line says', () => {
  const model = modelOf(
    [{ kind: 'word', first: 'knife', second: '', weights: { safe: '-1', alarm: '0.5' } }],
    { alarm: '1.05' },
  );
  expect(model.alarmOf(hashOfCue('word', 'knife', undefined))).toBe(0.5);
  expect(model.alarmOf(hashOfCue('word', 'spoon', undefined))).toBe(0);
});
