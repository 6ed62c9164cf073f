import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TextReading } from '../../../src/safety/read-text.ts';
import { editDistance, TypoIndex } from '../../../src/safety/text/typos.ts';
import { WordMemory } from '../../../src/safety/text/word-memory.ts';
import { codeOf, LONGEST_CODED, UNCODED } from '../../../src/safety/match/word-code.ts';
import { WordTable } from '../../../src/safety/match/word-table.ts';
import { lexicon } from './validator.ts';

/** Making up any text takes long beside other tests on a busy machine. */
const SLOW_MS = 60_000;

function wordsOf(text: string): string[] {
  const reading = new TextReading(lexicon);
  reading.read(text);
  return Array.from({ length: reading.tokens.count }, (_, i) =>
    reading.words[i] === -1 ? reading.tokens.word(i) : lexicon.words.words[reading.words[i]!]!,
  );
}

describe('words are recognised', () => {
  test.for([
    ['KILL Myself', 'kill myself'],
    ["don't DON’T dont", 'dont dont dont'],
    ['k1ll mys3lf', 'kill myself'],
    ['5u!c!d3', 'suicide'],
    ['k*ll myself', 'kill myself'],
    ['к\u0456ll', 'kill'],
    ['di\u200be', 'die'],
    ['ｄｉｅ', 'die'],
    ['ki\u0301ll', 'kill'],
    ['dieeeeee', 'die'],
    ['i w a n t t o d i e', 'i want to die'],
    ['k.i.l.l m-y-s-e-l-f', 'kill myself'],
    ['hurrt mysefl', 'hurt myself'],
    ['suicdie', 'suicide'],
  ] as const)('%j as %j', ([text, expected]) => {
    expect(wordsOf(text).join(' ')).toBe(expected);
  });

  test.for(['skill soldier studied harmonica', 'mill the corn', 'a b', 'on 7 october'])(
    'and %j stays as it is',
    (text) => {
      expect(wordsOf(text).join(' ')).toBe(text);
    },
  );

  test('and words of another script are left alone', () => {
    const reading = new TextReading(lexicon);
    reading.read('жить не могу');
    expect([...reading.words.subarray(0, reading.tokens.count)]).toEqual([-1, -1, -1]);
  });
});

test('places lead back to the original, whatever stands before them', { timeout: SLOW_MS }, () => {
  const reading = new TextReading(lexicon);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (before) => {
      const text = `${before} . m\u200by\u0301self`;
      reading.read(text);
      const last = reading.tokens.count - 1;
      expect(text.slice(reading.startOf(last), reading.endOf(last))).toBe('m\u200by\u0301self');
    }),
  );
});

test('the typo index finds a word exactly when an edit or two lead to it', () => {
  const words = ['kill', 'myself', 'suicide', 'overdose', 'hurting', 'tonight'];
  const index = new TypoIndex(words);
  const letter = fc.constantFrom(...Array.from('abdehikmorstuvy'));
  fc.assert(
    fc.property(fc.constantFrom(...words), fc.nat(30), letter, fc.nat(3), (word, at, other, kind) => {
      const i = at % (word.length - 1);
      const typed = [
        word.slice(0, i) + word.slice(i + 1),
        word.slice(0, i) + other + word.slice(i),
        word.slice(0, i) + other + word.slice(i + 1),
        word.slice(0, i) + word[i + 1]! + word[i]! + word.slice(i + 2),
      ][kind]!;
      expect(editDistance(typed, word)).toBeLessThanOrEqual(1);
      expect(index.find(typed)).toBe(word);
      expect(
        index.mayHave(
          Uint16Array.from(typed, (c) => c.charCodeAt(0)),
          0,
          typed.length,
        ),
      ).toBe(true);
    }),
  );
  expect(index.find('castle')).toBeNull();
});

test('the typo index knows no nearer word than the one it finds, and nothing of what is far', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 4, maxLength: 10 });
  fc.assert(
    fc.property(fc.uniqueArray(letters, { minLength: 1, maxLength: 12 }), letters, (words, typed) => {
      const found = new TypoIndex(words).find(typed);
      const nearest = Math.min(...words.map((word) => editDistance(typed, word)));
      if (nearest <= 1) expect(editDistance(typed, found!)).toBe(nearest);
      if (nearest > 2) expect(found).toBeNull();
    }),
  );
});

test('a word memory tells what was kept of a word last, or nothing', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\ud83d'), maxLength: 18 });
  const memory = new WordMemory();
  const kept = new Map<string, number>();
  fc.assert(
    fc.property(word, fc.nat(), fc.boolean(), (text, value, isKept) => {
      const units = Uint16Array.from({ length: text.length + 1 }, (_, i) => text.charCodeAt(i - 1));
      if (isKept) {
        memory.keep(units, 1, text.length, value);
        if (text.length > 0 && text.length <= 16) kept.set(text, value);
      }
      const found = memory.find(units, 1, text.length);
      if (found !== -1 && text !== '') expect(found).toBe(kept.get(text));
      if (isKept && kept.has(text)) expect(found).toBe(value);
    }),
  );
});

describe('any words', () => {
  const letter = fc.constantFrom('a', 'b', 'y', 'z');
  const coded = fc.string({ unit: letter, minLength: 1, maxLength: LONGEST_CODED });
  const any = fc.string({ unit: fc.constantFrom('a', 'z', '1', 'é', 'ß'), minLength: 1, maxLength: 16 });

  test('of letters from a to z have codes of their own, and others have none', () => {
    fc.assert(
      fc.property(coded, coded, any, (a, b, other) => {
        const codes = [codeOf(a), codeOf(b)];
        expect(codes.every(({ low }) => low !== UNCODED)).toBe(true);
        expect(codes[0]!.low === codes[1]!.low && codes[0]!.high === codes[1]!.high).toBe(a === b);
        expect(codeOf(other).low === UNCODED).toBe(!/^[a-z]{1,12}$/.test(other));
      }),
    );
  });

  test('are found in a table that holds them, and only there', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.oneof(coded, any), { maxLength: 60 }), coded, any, (words, ...others) => {
        const table = new WordTable(words);
        for (const word of [...words, ...others]) {
          const letters = Uint16Array.from(` ${word} `, (c) => c.charCodeAt(0));
          const { low, high } = codeOf(word);
          const found = low === UNCODED ? table.find(letters, 1, word.length) : table.findCoded(low, high);
          expect(found).toBe(words.indexOf(word));
        }
      }),
    );
  });
});
