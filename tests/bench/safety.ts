import { readSafetyData } from '../../config/safety-data.ts';
import { compileLexicon } from '../../src/safety/lexicon/compile.ts';
import { compileRules } from '../../src/safety/rules/compile-rules.ts';
import { DEFAULT_DOCUMENT } from '../../src/safety/rules/default-document.ts';
import { createValidator, MAX_TEXT_UNITS, type Validator } from '../../src/safety/validate-text.ts';
import { median, quantile, spread, type Spread } from './statistics.ts';

export interface SafetyPlan {
  readonly rounds: number;
  readonly textsPerRound: number;
}

export interface SafetyFigures {
  /** Texts of 100 characters, one in ten with a finding, audit included. */
  readonly perSecond: Spread;
  readonly latencyMicros: { readonly p50: number; readonly p99: number };
  /** The longest text there may be, and how it compares to a tenth of it. */
  readonly megabyte: Readonly<Record<string, { readonly ms: number; readonly ratio: number }>>;
  readonly compileMs: number;
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

export function measureSafety({ rounds, textsPerRound }: SafetyPlan): SafetyFigures {
  const data = readSafetyData('en');
  const started = performance.now();
  const lexicon = compileLexicon(data);
  const compileMs = performance.now() - started;
  const validator = createValidator(lexicon, compileRules(DEFAULT_DOCUMENT, { source: 'default' }));
  const texts = Array.from({ length: TEXTS }, (_, i) => textOf(i));
  judgeAll(validator, texts, textsPerRound);
  const perSecond = Array.from({ length: rounds }, () => {
    const begun = performance.now();
    judgeAll(validator, texts, textsPerRound);
    return (textsPerRound * 1000) / (performance.now() - begun);
  });
  const latencies = texts.map((text) => 1000 * millisecondsOf(validator, text));
  return {
    perSecond: spread(perSecond),
    latencyMicros: { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) },
    megabyte: {
      story: compareLengths(validator, `${texts.join(' ')} `),
      'one word': compareLengths(validator, 'kill '),
      'single letters': compareLengths(validator, 'k i l l '),
      accents: compareLengths(validator, 'k\u0301\u0302'),
    },
    compileMs,
  };
}

function judgeAll({ validateText }: Validator, texts: readonly string[], count: number): void {
  for (let i = 0; i < count; i++) validateText(texts[i % texts.length]);
}

function compareLengths(validator: Validator, part: string): { ms: number; ratio: number } {
  const long = part.repeat(Math.ceil(MAX_TEXT_UNITS / part.length)).slice(0, MAX_TEXT_UNITS);
  const short = long.slice(0, MAX_TEXT_UNITS / 10);
  const timesOf = (text: string): number =>
    median(Array.from({ length: 5 }, () => millisecondsOf(validator, text)));
  timesOf(short);
  const ms = timesOf(long);
  return { ms, ratio: ms / timesOf(short) };
}

function millisecondsOf({ validateText }: Validator, text: string): number {
  const started = performance.now();
  validateText(text);
  return performance.now() - started;
}

/** Words in an order that repeats only after long. */
function textOf(seed: number): string {
  let text = seed % 10 === 0 ? HITS[(seed / 10) % HITS.length]! : '';
  for (let i = seed * 7919 + 13; text.length < LENGTH; i = (i * 48_271) % 2_147_483_647) {
    text += `${WORDS[i % WORDS.length]!} `;
  }
  return text.slice(0, LENGTH);
}
