import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseText } from '../../../../src/agents/ipa/parse.ts';
import { spelledOut } from '../../../../src/agents/ipa/spelling.ts';
import { tokenize } from '../../../../src/agents/ipa/tokens.ts';
import { IpaInput, IpaOutput } from '../../../../src/contracts/intent.ts';
import { SCENES } from '../../../data/scenes.ts';
import { CORPORA, readUtterances } from '../../../data/utterances.ts';
import { threadMs } from '../../../support/thread-time.ts';

const utterances = CORPORA.flatMap(readUtterances);
const WORDS = [...new Set(utterances.flatMap(({ text }) => text.split(' ')))];
const views = Object.values(SCENES);

/** Player-like nonsense, glued from the words of the labelled lines, and text that is none at all. */
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 120 }),
  fc.string({ unit: 'binary', maxLength: 120 }),
  fc.array(fc.constantFrom(...WORDS), { maxLength: 16 }).map((words) => words.join(' ')),
  fc
    .array(fc.constantFrom(...WORDS, ',', '.', '"', '“', '”', '*', '\n', '  ', 'İ', 'ß', '’', '-'), {
      maxLength: 24,
    })
    .map((words) => words.join('')),
);

describe('any text', { timeout: 60_000 }, () => {
  it('is read without an error, to a valid result, the same each time', () => {
    const lastEntity = fc.constantFrom(null, 'wise_elder', 'ancient_journal', 'zebra');
    fc.assert(
      fc.property(anyText, fc.constantFrom(...views), lastEntity, (text, view, last) => {
        const result = IpaOutput.parse(parseText(text, view, last));
        expect(parseText(text, view, last)).toEqual(result);
        expect(result.normalized_text).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('has entities that begin and end where words do, and words that stand there unless a name was resolved', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom(...views), (text, view) => {
        const tokens = spelledOut(tokenize(text));
        for (const { type, value, ref, start, end } of parseText(text, view, null).entities) {
          expect(tokens.some((token) => token.start === start)).toBe(true);
          expect(tokens.some((token) => token.end === end)).toBe(true);
          expect(start).toBeLessThan(end);
          const isInWords = type !== 'direction' && type !== 'emotion' && ref === undefined;
          const stands = tokens.filter((token) => token.start >= start && token.end <= end);
          // Pronouns stand for a name that was said before.
          if (isInWords && stands.length > 1)
            expect(stands.map(({ word }) => word).join(' ')).toContain(value.split(' ')[0]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('offers alternatives that resolve when they are sent back as they stand', () => {
    const asked = utterances
      .map(({ text, scene, lastEntity }) => ({ view: SCENES[scene] ?? null, text, lastEntity }))
      .flatMap(({ view, text, lastEntity }) =>
        parseText(text, view, lastEntity).alternatives.map((alternative) => ({ view, alternative })),
      );
    expect(asked.length).toBeGreaterThan(20);
    for (const { view, alternative } of asked) {
      const again = parseText(alternative.text, view, null);
      expect
        .soft([alternative.text, again.intent, again.needs_clarification])
        .toEqual([alternative.text, alternative.intent, false]);
      expect.soft(again.confidence, alternative.text).toBeGreaterThan(alternative.confidence);
    }
  });
});

describe('time', { timeout: 60_000 }, () => {
  const median = (text: string, runs: number) => {
    const times = Array.from({ length: runs }, () => {
      const start = threadMs();
      parseText(text, SCENES.village ?? null, null);
      return threadMs() - start;
    });
    return times.toSorted((a, b) => a - b)[Math.floor(runs / 2)]!;
  };

  it('is under 5 ms for a line, in the median of the labelled ones', () => {
    const times = utterances.map(({ text }) => median(text, 3)).toSorted((a, b) => a - b);
    console.log(
      `median ${times[Math.floor(times.length / 2)]?.toFixed(3)} ms, worst ${times.at(-1)?.toFixed(2)} ms`,
    );
    expect(times[Math.floor(times.length / 2)]).toBeLessThan(5);
  });

  it.each([
    ['one word', 'go '],
    ['commands', 'take the journal, then go north and talk to the elder about my fears. '],
    ['feelings', "I'm not sad, but I feel so lonely because nobody cares and "],
    ['joiners', 'and then but so '],
    ['quotes', '"say '],
    ['letters without a space', 'a'],
    ['frames', "I don't want to try to "],
  ])('stays short for 8000 characters of %s', (_, piece) => {
    const text = piece.repeat(8000).slice(0, 8000).trim();
    expect(IpaInput.parse({ text }).text).toHaveLength(text.length);
    const time = median(text, 5);
    console.log(`${_}: ${time.toFixed(1)} ms`);
    expect(time).toBeLessThan(250);
  });
});
