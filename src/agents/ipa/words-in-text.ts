import { tokenize, type Token } from './tokens.ts';

/** Words of the text that stand side by side: positions of the first and behind the last. */
export interface Run {
  readonly from: number;
  readonly to: number;
}

/** Where `words` stand in the text, word by word, whatever their case and punctuation; null when they do not. */
export function findWords(tokens: readonly Token[], words: string, within?: Run): Run | null {
  const wanted = tokenize(words).map(({ word }) => word);
  if (wanted.length === 0) return null;
  const last = (within?.to ?? tokens.length) - wanted.length;
  for (let from = within?.from ?? 0; from <= last; from++) {
    if (wanted.every((word, i) => tokens[from + i]?.word === word)) return { from, to: from + wanted.length };
  }
  return null;
}
