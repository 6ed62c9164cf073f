import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { judge } from '../../../src/safety/decide/judge.ts';
import { PhraseScan } from '../../../src/safety/decide/scan.ts';
import { CUE_KINDS, cueHash, hashOfCue, type CueKind } from '../../../src/safety/learned/cue-hash.ts';
import { HeardCues } from '../../../src/safety/learned/heard-cues.ts';
import { COLUMNS, LearnedModel, OUTCOMES } from '../../../src/safety/learned/learned-model.ts';
import { modelHeader } from '../../../src/safety/learned/read-cues.ts';
import { TextCues } from '../../../src/safety/learned/text-cues.ts';
import { TextReading } from '../../../src/safety/read-text.ts';
import { readLabelledLines } from '../../support/labelled-lines.ts';
import { lexicon } from './validator.ts';

const STEP = 32;
/** Beside other tests on a busy machine. */
const SLOW_MS = 60_000;

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

function weigh(model: LearnedModel, keys: readonly number[]): void {
  model.begin();
  // Most by their place, all by their key: both may be told again.
  const places = keys.slice(1).map((key) => model.find(key));
  model.hear(Int32Array.from(places), places.length);
  model.hearKeys(Int32Array.from(keys), keys.length);
  model.weigh();
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
        weigh(model, keys);
        expect([...own].map((key) => model.mayKnow(key))).toEqual([...own].map(() => 1));
        const expected = COLUMNS.map((column) => {
          const sum = [...new Set(picked)].reduce((all, one) => all + stepsOf(one.weights[column]), 0);
          return sum / STEP + Number(bias[column] ?? 0);
        });
        expect([...model.sums]).toEqual(expected);
        model.share();
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
  weigh(
    model,
    words.map((word) => hashOfCue('word', word, undefined)),
  );
  model.share();
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

test('a cue that was heard long ago is heard again', () => {
  const model = lexicon.learned!;
  const key = hashOfCue('word', 'alone', undefined);
  weigh(model, [key]);
  const expected = [...model.sums];
  // Numbers of texts begin anew somewhere in between.
  for (let i = 0; i < 2 ** 18; i++) model.begin();
  for (let i = 0; i < 100; i++) {
    weigh(model, [key]);
    expect([...model.sums]).toEqual(expected);
    for (let k = 0; k < 2000; k++) model.begin();
  }
});

test('what is weighed is what those who learn are told', { timeout: SLOW_MS }, () => {
  const LONGEST = 40;
  const model = lexicon.learned!;
  const reading = new TextReading(lexicon);
  const scan = new PhraseScan(lexicon);
  const heard = new HeardCues(lexicon, model, LONGEST);
  const keys: number[] = [];
  const told = new TextCues(lexicon, (kind, first, second) => keys.push(cueHash(kind, first, second)));
  for (const { text } of readLabelledLines('en-players').slice(0, 100)) {
    reading.read(`${text} Zorgblat ${text} `);
    scan.run(reading);
    const { judged } = judge(reading, scan.matches(), {}, 'input');
    for (let from = 0; from < reading.tokens.count; from += LONGEST / 2) {
      const to = Math.min(reading.tokens.count, from + LONGEST);
      keys.length = 0;
      told.collect(from, to, reading, scan, judged);
      weigh(model, keys);
      const expected = [...model.sums];
      heard.hear(from, to, reading, scan, judged);
      model.weigh();
      expect([...model.sums]).toEqual(expected);
    }
  }
});
