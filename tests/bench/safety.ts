import { readSafetyData } from '../../config/safety-data.ts';
import { compileLexicon } from '../../src/safety/lexicon/compile.ts';
import { compileRules, compileRulesInSlices } from '../../src/safety/rules/compile-rules.ts';
import { DEFAULT_DOCUMENT } from '../../src/safety/rules/default-document.ts';
import { MAX_PATTERN_RULES, MAX_TERMS } from '../../src/safety/rules/document.ts';
import { createValidator, MAX_TEXT_UNITS, type Validator } from '../../src/safety/validate-text.ts';
import { median, quantile, spread, type Spread } from './statistics.ts';

export interface SafetyPlan {
  readonly rounds: number;
  readonly textsPerRound: number;
}

export interface SafetyFigures {
  /** Texts of 100 characters, one in ten with a finding, audit included. */
  readonly perSecond: Spread;
  /** Texts of 100 to 500 characters, and the same when their words were never seen in this order. */
  readonly latencyMicros: Quantiles;
  readonly newTextMicros: Quantiles;
  /** 28 000 characters, and how they compare to a tenth of them. */
  readonly long: Readonly<Record<string, LongText>>;
  /** The longest text there may be, and how it compares to a tenth of it. */
  readonly megabyte: Readonly<Record<string, LongText>>;
  readonly readMs: number;
  readonly compileMs: number;
  /** The largest document of rules, compiled in slices; the stall is the longest time that no text was judged. */
  readonly rules: { readonly ms: number; readonly longestStallMs: number };
}

interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

export interface LongText {
  readonly ms: number;
  readonly ratio: number;
}

const TEXTS = 2000;
const LENGTH = 100;
const HITS = [
  'I want to kill myself. ',
  'I want to kill the dragon. ',
  'my husband hits me again. ',
  'I feel so lonely. ',
];
const WORDS =
  'the old bridge leads over a quiet river and we walk on until evening then ask the merchant about his map take the lantern open door look around sing to birds climb that hill buy bread rest near our fire I follow light read this strange letter wait for sunrise talk with Elder listen carefully'.split(
    ' ',
  );

/** The words of the spec, and what else is hard to read. */
const HARD: Readonly<Record<string, string>> = {
  'one word': 'kill ',
  'one letter': 'a',
  'single letters': 'k i l l ',
  'combining marks': 'k\u0301\u0302\u0316',
  'emoji and flags': '\u{1f622}\u{1f1e9}',
  'claim after claim': 'I want to die ',
  'denial after denial': "I don't want to kill myself, but ",
};
const LONG_UNITS = 28_000;
const TERMS_OF_A_RULE = 5000;

export async function measureSafety({ rounds, textsPerRound }: SafetyPlan): Promise<SafetyFigures> {
  const started = performance.now();
  const data = readSafetyData('en');
  const read = performance.now();
  const lexicon = compileLexicon(data);
  const compileMs = performance.now() - read;
  const validator = createValidator(lexicon, compileRules(DEFAULT_DOCUMENT, { source: 'default' }));
  const texts = Array.from({ length: TEXTS }, (_, i) => textOf(i, LENGTH));
  judgeAll(validator, texts, textsPerRound);
  const perSecond = Array.from({ length: rounds }, () => {
    const begun = performance.now();
    judgeAll(validator, texts, textsPerRound);
    return (textsPerRound * 1000) / (performance.now() - begun);
  });
  const mixed = texts.map((_, i) => textOf(i, LENGTH + ((i * 7) % (4 * LENGTH))));
  const latencies = (): Quantiles => {
    const micros = mixed.map((text) => 1000 * millisecondsOf(validator, text));
    return { p50: quantile(micros, 0.5), p99: quantile(micros, 0.99) };
  };
  const newTextMicros = latencies();
  const hard = { story: `${texts.join(' ')} `, ...HARD };
  const compared = (units: number): Record<string, LongText> =>
    Object.fromEntries(
      Object.entries(hard).map(([name, part]) => [name, compareLengths(validator, part, units)]),
    );
  return {
    perSecond: spread(perSecond),
    latencyMicros: latencies(),
    newTextMicros,
    long: compared(LONG_UNITS),
    megabyte: compared(MAX_TEXT_UNITS),
    readMs: read - started,
    compileMs,
    rules: await measureRules(validator),
  };
}

/** Compiles the largest document while texts are judged. */
async function measureRules(validator: Validator): Promise<SafetyFigures['rules']> {
  let longestStallMs = 0;
  let last = performance.now();
  let isDone = false;
  const judgeNext = (): void => {
    validator.validateText('look around and go north');
    longestStallMs = Math.max(longestStallMs, performance.now() - last);
    last = performance.now();
    if (!isDone) setImmediate(judgeNext);
  };
  const document = largestDocument();
  last = performance.now();
  setImmediate(judgeNext);
  const started = performance.now();
  await compileRulesInSlices(document, { source: 'bench' });
  isDone = true;
  return { ms: performance.now() - started, longestStallMs };
}

function largestDocument(): unknown {
  const word = (number: number): string => `z${(number * 7919 + 31).toString(36).replaceAll(/\d/g, 'q')}`;
  return {
    rules: [
      ...Array.from({ length: MAX_PATTERN_RULES }, (_, i) => ({
        id: `pattern_${i}`,
        pattern: `\\b${word(i)}(?:ing|ed)? (?:my|your) ${word(i + 1)}\\b`,
      })),
      ...Array.from({ length: MAX_TERMS / TERMS_OF_A_RULE }, (_, i) => ({
        id: `terms_${i}`,
        terms: Array.from(
          { length: TERMS_OF_A_RULE },
          (__, k) => `${word(i * TERMS_OF_A_RULE + k)} ${word(k)}`,
        ),
      })),
    ],
  };
}

function judgeAll({ validateText }: Validator, texts: readonly string[], count: number): void {
  for (let i = 0; i < count; i++) validateText(texts[i % texts.length]);
}

function compareLengths(validator: Validator, part: string, units: number): LongText {
  const long = part.repeat(Math.ceil(units / part.length)).slice(0, units);
  const short = long.slice(0, units / 10);
  const millisecondsOfTimes = (text: string, times: number): number =>
    median(
      Array.from({ length: 5 }, () => {
        let sum = 0;
        for (let i = 0; i < times; i++) sum += millisecondsOf(validator, text);
        return sum;
      }),
    );
  millisecondsOfTimes(short, 1);
  const ms = millisecondsOfTimes(long, 1);
  // As long a time on both sides, so that other processes slow both down alike.
  return { ms, ratio: 10 * (ms / millisecondsOfTimes(short, 10)) };
}

function millisecondsOf({ validateText }: Validator, text: string): number {
  const started = performance.now();
  validateText(text);
  return performance.now() - started;
}

/** Words in an order that repeats only after long. */
function textOf(seed: number, length: number): string {
  let text = seed % 10 === 0 ? HITS[(seed / 10) % HITS.length]! : '';
  for (let i = seed * 7919 + 13; text.length < length; i = (i * 48_271) % 2_147_483_647) {
    text += `${WORDS[i % WORDS.length]!} `;
  }
  return text.slice(0, length);
}
