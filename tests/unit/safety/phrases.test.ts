import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PhraseAutomaton } from '../../../src/safety/match/phrase-automaton.ts';
import { PhraseBook } from '../../../src/safety/match/phrase-book.ts';
import { PhraseNet } from '../../../src/safety/match/phrase-net.ts';
import { parsePhrase, type Node } from '../../../src/safety/match/phrase-syntax.ts';

const CLASSES = new Map([
  ['wish', ['want', 'would like']],
  ['act', ['leave', 'go {where}']],
  ['where', ['home', 'far away']],
]);
const FILLERS = new Set(['really', 'just']);
const NEGATIONS = new Set(['not']);

type Found = readonly [phrase: string, first: number, last: number];

function automatonOf(phrases: readonly string[]): PhraseAutomaton {
  return new PhraseAutomaton(new PhraseNet(new PhraseBook(phrases, CLASSES), NEGATIONS));
}

/** Phrases found in the sentences of a text. */
function found(
  phrases: readonly string[],
  sentences: readonly (readonly string[])[],
  automaton = automatonOf(phrases),
): Found[] {
  const words = sentences.flat();
  const symbols = Int32Array.from(words, (word) => automaton.symbolOf(word, FILLERS.has(word)));
  const numbers = Int32Array.from(sentences.flatMap((sentence, i) => sentence.map(() => i)));
  const all: Found[] = [];
  automaton.run(symbols, numbers, words.length, (phrase, first, last) =>
    all.push([phrases[phrase]!, first, last]),
  );
  return all;
}

/** Places behind a part of a phrase that begins at a place: what the automaton should find, without any of its means. */
function placesBehind(node: Node, words: readonly string[], from: readonly number[]): number[] {
  switch (node.kind) {
    case 'word':
      return wordsBehind(words, from, (word) => word === node.word);
    case 'gap': {
      const reached = [...from];
      let next: readonly number[] = from;
      for (let i = 0; i < node.most; i++) {
        next = wordsBehind(words, next, (word) => !NEGATIONS.has(word));
        reached.push(...next);
      }
      return reached;
    }
    case 'class':
      return CLASSES.get(node.name)!.flatMap((entry) => placesBehind(parsePhrase(entry), words, from));
    case 'sequence':
      return node.parts.reduce((places, part) => placesBehind(part, words, places), [...from]);
    case 'choice':
      return node.options.flatMap((option) => placesBehind(option, words, from));
    case 'optional':
      return [...from, ...placesBehind(node.part, words, from)];
  }
}

/** Fillers may stand between any two words of a phrase. */
function wordsBehind(
  words: readonly string[],
  from: readonly number[],
  isMeant: (word: string) => boolean,
): number[] {
  const behind = new Set<number>();
  for (const place of from) {
    for (let i = place; i < words.length; i++) {
      if (isMeant(words[i]!)) behind.add(i + 1);
      if (place === 0 || !FILLERS.has(words[i]!)) break;
    }
  }
  return [...behind];
}

function searched(phrases: readonly string[], sentences: readonly (readonly string[])[]): Found[] {
  const all: Found[] = [];
  let before = 0;
  for (const sentence of sentences) {
    for (const phrase of phrases) {
      const nearest = new Map<number, number>();
      for (let first = 0; first < sentence.length; first++) {
        const behind = placesBehind(parsePhrase(phrase), sentence.slice(first), [0]);
        for (const end of behind) nearest.set(first + end - 1, first);
      }
      for (const [last, first] of nearest) all.push([phrase, before + first, before + last]);
    }
    before += sentence.length;
  }
  return all;
}

function inOrder(all: readonly Found[]): Found[] {
  return all.toSorted((a, b) => a[2] - b[2] || (a[0] < b[0] ? -1 : 1));
}

describe('a phrase', () => {
  test.for([
    ['want to go', 'i want to go', 1, 3],
    ['{wish} to leave', 'i would like to leave now', 1, 4],
    ['{wish} to {act}', 'want to go far away', 0, 4],
    ['want (to) go', 'want go', 0, 1],
    ['want [to|too] go', 'want too go', 0, 2],
    ['want * go', 'want a b c go', 0, 4],
    ['want *2 go', 'want go', 0, 1],
    ['want to go', 'want to just really go', 0, 4],
    ['* want to go', 'a b want to go', 2, 4],
  ] as const)('%j is found in %j', ([phrase, text, first, last]) => {
    expect(found([phrase], [text.split(' ')])).toContainEqual([phrase, first, last]);
  });

  test.for([
    ['want to go', 'want two go'],
    ['want *2 go', 'want a b c go'],
    ['want * go', 'want not go'],
    ['want to go', 'just to go'],
  ] as const)('%j is not found in %j', ([phrase, text]) => {
    expect(found([phrase], [text.split(' ')])).toEqual([]);
  });

  test('that many words may go on with is found with each of them, and with no other', () => {
    const words = Array.from({ length: 60 }, (_, i) => `w${i}`);
    const phrase = `want [${words.join('|')}] home`;
    const texts = [...words, 'x', 'go', 'not'].map((word) => `want ${word} home`.split(' '));
    const automaton = automatonOf([phrase, 'go far']);
    for (const again of [texts, texts.toReversed()]) {
      expect(again.map((text) => found([phrase, 'go far'], [text], automaton).length)).toEqual(
        again.map((text) => Number(words.includes(text[1]!))),
      );
    }
  });

  test.for(['', 'want (to', 'want to)', 'one|two', 'a *9', 'what?'])('%j is refused by name', (phrase) => {
    expect(() => parsePhrase(phrase)).toThrow(expect.objectContaining({ code: 'safety_data_invalid' }));
  });

  test('with an unknown class, or one that matches no words at all, is refused', () => {
    expect(() => new PhraseBook(['{nope} a'], CLASSES)).toThrow('{nope}');
    expect(() => new PhraseNet(new PhraseBook(['(a) (b)'], CLASSES))).toThrow('nothing at all');
    expect(() => new PhraseBook(['{a}'], new Map([['a', ['{a} b']]]))).toThrow('contains itself');
  });
});

describe('any phrases in any text', () => {
  const word = fc.constantFrom(
    'want',
    'to',
    'go',
    'home',
    'far',
    'away',
    'not',
    'just',
    'really',
    'would',
    'like',
  );
  const other = fc.oneof({ weight: 8, arbitrary: word }, fc.constantFrom('x', '7'));
  const { phrase } = fc.letrec<{ part: string; phrase: string }>((tie) => ({
    part: fc.oneof(
      { maxDepth: 3 },
      { weight: 4, arbitrary: word },
      fc.constantFrom('{wish}', '{act}', '{where}', '*', '*2'),
      fc.tuple(tie('phrase'), tie('phrase')).map(([a, b]) => `[${a}|${b}]`),
      tie('phrase').map((inner) => `(${inner})`),
    ),
    phrase: fc.array(tie('part'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join(' ')),
  }));
  // A phrase holds a word, so that it stands for one at least.
  const gap = fc.constantFrom('', '', '* ', '*2 ');
  const phrases = fc.uniqueArray(
    fc.tuple(gap, word, phrase).map(([before, first, rest]) => `${before}${first} ${rest}`),
    { minLength: 1, maxLength: 6 },
  );
  const sentences = fc.array(fc.array(other, { minLength: 1, maxLength: 12 }), { maxLength: 3 });

  test('are found where a search without an automaton finds them, and again', () => {
    fc.assert(
      fc.property(phrases, fc.array(sentences, { minLength: 1, maxLength: 4 }), (wanted, texts) => {
        const automaton = automatonOf(wanted);
        for (const text of [...texts, ...texts]) {
          expect(inOrder(found(wanted, text, automaton))).toEqual(inOrder(searched(wanted, text)));
        }
      }),
    );
  });
});
