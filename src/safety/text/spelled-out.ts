import type { SparseAhoCorasick } from '../match/sparse-aho-corasick.ts';

/** A word is worth one, a letter that belongs to none costs as much as three words. */
const LETTER_COST = 3;

/** A stretch of joined letters that is one word, or none. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  /** Number of the word, or -1. */
  readonly word: number;
}

/**
 * Divides joined letters ("iwanttodie") into the fewest known words. Linear: the automaton names all words that end
 * at a letter, and the cheapest way to reach a letter is kept.
 *
 * Source: spec, safety 2, step 4
 */
export function divide(letters: Uint16Array, length: number, words: SparseAhoCorasick): Piece[] {
  if (cost.length <= length) {
    cost = new Int32Array(length * 2);
    via = new Int32Array(length * 2);
  }
  const { lengths } = words;
  via.fill(-1, 0, length + 1);
  let reached = 0;
  const advance = (to: number): void => {
    while (reached < to) {
      reached++;
      const left = cost[reached - 1]! + LETTER_COST;
      if (via[reached] === -1 || left < cost[reached]!) {
        cost[reached] = left;
        via[reached] = -2;
      }
    }
  };
  words.scan(letters, 0, length, (word, end) => {
    advance(end);
    const total = cost[end - lengths[word]!]! + 1;
    if (total < cost[end]!) {
      cost[end] = total;
      via[end] = word;
    }
  });
  advance(length);
  const pieces: Piece[] = [];
  for (let end = length; end > 0;) {
    const word = via[end]! < 0 ? -1 : via[end]!;
    const from = word === -1 ? end - 1 : end - lengths[word]!;
    pieces.push({ from, to: end, word });
    end = from;
  }
  return pieces.toReversed();
}

/** The cheapest way to each letter: what it costs, and the word that leads there. One division at a time. */
let cost = new Int32Array(64);
let via = new Int32Array(64);
