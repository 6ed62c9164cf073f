const LETTER_BITS = 5;
const LETTER_MASK = (1 << LETTER_BITS) - 1;
const HALF_BITS = 6 * LETTER_BITS;
const HALF_MASK = 2 ** HALF_BITS - 1;
const A = 0x61;
const Z = 0x7a;

/**
 * A word of up to twelve letters from a to z is two numbers of six letters each, the last ones in the lower: no two words are
 * the same numbers, so that whoever compares these need not look at the letters. It is made letter by letter, from 0 and 0, the
 * upper number first. Other words have no code: the lower number of theirs is 0.
 */
export const LONGEST_CODED = 12;
export const UNCODED = 0;

export function nextHigh(high: number, low: number): number {
  return (high << LETTER_BITS) | (low >>> (HALF_BITS - LETTER_BITS));
}

/** @param letter  its UTF-16 unit */
export function nextLow(low: number, letter: number): number {
  return ((low << LETTER_BITS) | (letter & LETTER_MASK)) & HALF_MASK;
}

export interface WordCode {
  readonly low: number;
  readonly high: number;
}

export function codeOf(word: string): WordCode {
  let low = UNCODED;
  let high = 0;
  for (let i = 0; i < word.length; i++) {
    const letter = word.charCodeAt(i);
    if (letter < A || letter > Z || word.length > LONGEST_CODED) return { low: UNCODED, high: 0 };
    high = nextHigh(high, low);
    low = nextLow(low, letter);
  }
  return { low, high };
}
