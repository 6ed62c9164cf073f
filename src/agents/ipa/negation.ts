import type { Token } from './tokens.ts';

const NEGATIONS = new Set(
  'not never no hardly barely without cannot neither nor dont less nothing nobody stopped'.split(' '),
);
const NOT_A_NEGATION_BEFORE = new Set(['only', 'just', 'simply', 'merely']);
const CLAUSE_BREAKS = new Set([
  'but',
  'because',
  'though',
  'although',
  'and',
  'just',
  'yet',
  'when',
  'since',
]);
const REACH = 4;

export function isNegation(word: string): boolean {
  return NEGATIONS.has(word) || word.endsWith("n't");
}

/** Is the word at `at` denied? "I'm not sad, I'm angry": the comma ends what the negation reaches. */
export function isNegated(tokens: readonly Token[], at: number): boolean {
  for (let back = at - 1; back >= Math.max(0, at - REACH); back--) {
    const token = tokens[back];
    if (token === undefined || tokens[back + 1]?.breakBefore !== 'none') return false;
    if (isNegation(token.word)) {
      const behind = tokens.slice(back + 1, at).map(({ word }) => word);
      // "I have never been so scared" is very scared.
      const isSuperlative =
        token.word === 'never' && behind.some((word) => /^(so|this|that|such|more)$/.test(word));
      return !isSuperlative && !NOT_A_NEGATION_BEFORE.has(behind[0] ?? '');
    }
    if (CLAUSE_BREAKS.has(token.word) && !isNegation(tokens[back - 1]?.word ?? '')) return false;
    if (token.word === 'used' && tokens[back + 1]?.word === 'to') return true;
  }
  return false;
}
