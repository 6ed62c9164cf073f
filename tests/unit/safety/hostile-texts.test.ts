import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ValidationResult, type Finding } from '../../../src/contracts/safety.ts';
import { TextReading } from '../../../src/safety/read-text.ts';
import { CHUNK_UNITS } from '../../../src/safety/text/pieces.ts';
import { readLabelledLines } from '../../support/labelled-lines.ts';
import { lexicon, validatorWith } from './validator.ts';
import { threadMs } from '../../support/thread-time.ts';

const Hostile = z.strictObject({ name: z.string(), part: z.string(), times: z.int().min(1) });
const FILE = join(import.meta.dirname, '../../fixtures/safety-hostile.jsonl');
const HOSTILE = readFileSync(FILE, 'utf8')
  .trim()
  .split('\n')
  .map((line) => Hostile.parse(JSON.parse(line)));
const { validateText } = validatorWith();
const reading = new TextReading(lexicon);
/** Beside other tests on a busy machine. */
const SLOW_MS = 60_000;

/** A result without what the clock puts into it. */
function timeless(result: ValidationResult): unknown {
  const audit = result.audit?.map(({ at_ms: _at, duration_us: _duration, ...entry }) => entry);
  return { ...result, audit };
}

/** The words of a stretch of text as they are understood when it stands alone. */
function wordsOf(text: string): string {
  reading.read(text);
  const words = Array.from({ length: reading.tokens.count }, (_, i) =>
    reading.words[i] === -1 ? reading.tokens.word(i) : lexicon.words.words[reading.words[i]!]!,
  );
  return words.join(' ').slice(0, 80);
}

function expectOrder(findings: readonly Finding[], length: number): void {
  for (const [i, { span, priority }] of findings.entries()) {
    expect(span[0]).toBeGreaterThanOrEqual(0);
    expect(span[1]).toBeGreaterThan(span[0]);
    expect(span[1]).toBeLessThanOrEqual(length);
    const before = findings[i - 1];
    if (before === undefined) continue;
    expect(before.priority).toBeGreaterThanOrEqual(priority);
    if (before.priority === priority) expect(before.span[0]).toBeLessThanOrEqual(span[0]);
  }
}

describe('a hostile text is judged, in the contract and twice alike', () => {
  test.for(HOSTILE)('$name', { timeout: SLOW_MS }, ({ part, times }) => {
    const text = part.repeat(times);
    for (const stage of ['input', 'output'] as const) {
      const result = validateText(text, { stage });
      expectOrder(ValidationResult.parse(result).findings, text.length);
      expect(timeless(validateText(text, { stage }))).toEqual(timeless(result));
    }
  });

  test('and a statement beside it is still found', { timeout: SLOW_MS }, () => {
    const lost = HOSTILE.filter(({ part, times }) => {
      const text = `I want to kill myself.\n\n${part.repeat(times)}`;
      return !validateText(text).crisis_detected;
    });
    expect(lost.map(({ name }) => name)).toEqual([]);
  });
});

test('what is found stands where it is said to stand', { timeout: SLOW_MS }, () => {
  const wrong = readLabelledLines('en').flatMap(({ text }) =>
    validateText(text)
      .findings.filter(({ matched_form: form }) => form !== undefined)
      .filter(({ matched_form: form, span }) => !wordsOf(text.slice(...span)).includes(form!))
      .map(({ matched_form: form, span }) => [form, text.slice(...span)]),
  );
  expect(wrong).toEqual([]);
});

test('anything between known words is judged, wherever it stands', { timeout: SLOW_MS }, () => {
  const word = fc.constantFrom(
    'kill',
    'myself',
    'die',
    'want to',
    'I',
    'not',
    'my friend',
    'dragon',
    '"',
    '.',
  );
  const noise = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.constantFrom('\ud800', '\u0301', '\0'),
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(word, noise), { maxLength: 40 }), (parts) => {
      const text = parts.join(' ');
      const result = ValidationResult.parse(validateText(text));
      expectOrder(result.findings, text.length);
      expect(timeless(validateText(text))).toEqual(timeless(result));
    }),
  );
});

describe('time is in proportion to the length', () => {
  /** Ten times the text, ten times the time would be exact; the caches of a processor take their part. */
  const MOST = 14;
  const ATTEMPTS = 6;
  const spelled = [
    'kill ',
    'a ',
    'a',
    'k i l l ',
    '\u0301',
    'k\u0301\u0302',
    '"',
    '5u1c1d3 ',
    '\ud83d\ude22',
  ];
  const claims = [
    'I want to die ',
    "I don't want to kill myself, but ",
    'I feel so lonely. ',
    'killing me softly ',
  ];

  test.for([
    ...spelled.map((part) => ({ part, length: 100_000 })),
    ...claims.map((part) => ({ part, length: 20_000 })),
  ])('of $part', { timeout: SLOW_MS }, ({ part, length }) => {
    const long = part.repeat(Math.ceil((length * 10) / part.length)).slice(0, length * 10);
    const short = long.slice(0, length);
    validateText(short);
    let ratio = Infinity;
    for (let i = 0; i < ATTEMPTS && ratio > MOST; i++) {
      // As long a time on both sides, so that other processes slow both down alike.
      ratio = 10 * (medianMs(long, 1) / medianMs(short, 10));
    }
    expect(ratio).toBeLessThan(MOST);
  });
});

/** Median of the times that it takes to judge a text so many times. */
function medianMs(text: string, times: number): number {
  const taken = Array.from({ length: 5 }, () => {
    const started = threadMs();
    for (let i = 0; i < times; i++) validateText(text);
    return threadMs() - started;
  });
  return taken.toSorted((a, b) => a - b)[2]!;
}

describe('a long text is read in pieces, and what stands at a border is found as it is alone', () => {
  const signs = [
    'I want to kill myself.',
    "I don't want to kill myself.",
    'I used to cut myself years ago.',
    'My friend wants to kill herself.',
    'i w a n t t o d i e.',
    'I am dying of laughter.',
    'My husband hits me again.',
  ];
  const filler = 'The old bridge leads over a river and we walk on. ';
  /** The second piece begins about here, the first ends about there. */
  const borders = Array.from({ length: 33 }, (_, i) => CHUNK_UNITS - 800 + i * 29);
  const whereabouts = [0, 1, ...borders, ...borders.map((border) => border + CHUNK_UNITS - 600), 40_000];

  test.for(signs)('%j', { timeout: SLOW_MS }, (sign) => {
    const alone = validateText(`${filler}${sign} ${filler}`);
    for (const whereabout of whereabouts) {
      const before = filler.repeat(Math.round(whereabout / filler.length));
      const text = `${before}${sign} ${filler.repeat(900 - Math.round(whereabout / filler.length))}`;
      const result = validateText(text);
      expect(result.monitoring_flags).toContain('text_chunked');
      const moved = result.findings.map(({ span: [from, to], ...finding }) => ({
        ...finding,
        span: [from - before.length, to - before.length],
      }));
      const expected = alone.findings.map(({ span: [from, to], ...finding }) => ({
        ...finding,
        span: [from - filler.length, to - filler.length],
      }));
      expect(moved, `at ${before.length}`).toEqual(expected);
      const reasons = (audit: ValidationResult['audit']): unknown[] =>
        audit!.filter(({ event }) => event === 'match.suppressed').map(({ reason }) => reason);
      expect(reasons(result.audit)).toEqual(reasons(alone.audit));
    }
  });

  test('without any space, too, and at the very end', () => {
    const sign = ' I want to kill myself';
    const [from, to] = validateText(`x${sign}`).findings[0]!.span;
    for (const length of [CHUNK_UNITS - 21, CHUNK_UNITS, CHUNK_UNITS + 300, 50_000]) {
      const { findings } = validateText('x'.repeat(length) + sign);
      expect(findings).toMatchObject([{ span: [length + from - 1, length + to - 1] }]);
    }
    expect(validateText(`${'\ud83d\ude22'.repeat(20_000)}${sign}`).crisis_detected).toBe(true);
  });
});
