import { describe, expect, test } from 'vitest';
import { PhraseAutomaton } from '../../../src/safety/match/phrase-automaton.ts';
import { PhraseNet } from '../../../src/safety/match/phrase-net.ts';
import { parsePhrase } from '../../../src/safety/match/phrase-syntax.ts';

const CLASSES = new Map([
  ['wish', ['want', 'would like']],
  ['act', ['leave', 'go {where}']],
  ['where', ['home', 'far away']],
]);
const FILLERS = new Set(['really', 'just']);

/** Phrases found in a text as [phrase, first word, last word]. */
function found(phrases: readonly string[], text: string): (readonly [string, number, number])[] {
  const automaton = new PhraseAutomaton(new PhraseNet(phrases, CLASSES, new Set(['not'])));
  const symbols = Int32Array.from(text.split(' '), (word) => automaton.symbolOf(word, FILLERS.has(word)));
  let state = 0;
  return [...symbols].flatMap((symbol, i) => {
    state = automaton.step(state, symbol);
    return automaton
      .endsAt(state)
      .map((phrase) => [phrases[phrase]!, automaton.startOf(phrase, symbols, 0, i), i] as const);
  });
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
  ] as const)('%j is found in %j', ([phrase, text, first, last]) => {
    expect(found([phrase], text)).toContainEqual([phrase, first, last]);
  });

  test.for([
    ['want to go', 'want two go'],
    ['want *2 go', 'want a b c go'],
    ['want * go', 'want not go'],
    ['want to go', 'just to go'],
  ] as const)('%j is not found in %j', ([phrase, text]) => {
    expect(found([phrase], text)).toEqual([]);
  });

  test.for(['', 'want (to', 'want to)', 'one|two', 'a *9', 'what?'])('%j is refused by name', (phrase) => {
    expect(() => parsePhrase(phrase)).toThrow(expect.objectContaining({ code: 'safety_data_invalid' }));
  });

  test('with an unknown class, or one that matches no words at all, is refused', () => {
    expect(() => new PhraseNet(['{nope} a'], CLASSES)).toThrow('{nope}');
    expect(() => new PhraseNet(['(a) (b)'], CLASSES)).toThrow('nothing at all');
    expect(() => new PhraseNet(['{a}'], new Map([['a', ['{a} b']]]))).toThrow('contains itself');
  });
});
