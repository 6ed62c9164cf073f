import type { Lexicon } from './lexicon/compile.ts';
import { WORD } from './lexicon/word-flags.ts';
import type { TextReading } from './read-text.ts';

/** A negation turns the words this close after it around. */
const NEGATION_REACH = 3;
const INTENSIFIED = 1.3;

export interface Sentiment {
  /** −1 to 1; 0 without any word that tells. */
  readonly value: number;
  /** Words that tell, negative ones. */
  readonly negatives: number;
  /** What the positive and the negative ones weigh together. */
  readonly positive: number;
  readonly negative: number;
}

const NEUTRAL: Sentiment = { value: 0, negatives: 0, positive: 0, negative: 0 };

/** How the words of a text weigh: (positive − negative) / (positive + negative). Source: spec, safety 4.3 */
export function sentimentOf({ words, tokens, folded }: TextReading, lexicon: Lexicon): Sentiment {
  const { sentiment, flags, isMoody } = lexicon;
  let positive = 0;
  let negative = 0;
  let negatives = 0;
  let negatedUntil = -1;
  for (let i = 0; i < tokens.count; i++) {
    const word = words[i]!;
    if (word === -1 || isMoody[word] === 0) continue;
    if ((flags[word]! & WORD.negation) !== 0) negatedUntil = i + NEGATION_REACH;
    let value = sentiment[word]!;
    if (value === 0) continue;
    if (i <= negatedUntil) value = -value;
    const before = i > 0 ? words[i - 1]! : -1;
    if (before !== -1 && (flags[before]! & WORD.intensifier) !== 0) value *= INTENSIFIED;
    if (value > 0) positive += value;
    else {
      negative -= value;
      negatives++;
    }
  }
  for (const codePoint of folded.emoji) {
    const value = lexicon.emoji.get(codePoint) ?? 0;
    if (value > 0) positive += value;
    else negative -= value;
  }
  const total = positive + negative;
  return total === 0 ? NEUTRAL : { value: (positive - negative) / total, negatives, positive, negative };
}
