import { lemmasOf } from './inflection.ts';
import { verbsAt } from './lexicon.ts';
import type { Token } from './tokens.ts';

const NARRATED = /^\s*(?:\*[^*]+\*|_[^_]+_|\/me\s.+)\s*$/su;

/** "*looks around*" and "/me looks around" are "look around": players write of themselves as of another. */
export function withoutNarration(tokens: readonly Token[], text: string): readonly Token[] {
  if (!NARRATED.test(text)) return tokens;
  const from = tokens[0]?.word === 'me' ? 1 : 0;
  const first = tokens[from];
  if (first === undefined) return tokens;
  const lemma = lemmasOf(first.word, 's').find((word) => verbsAt([{ ...first, word }], 0).length > 0);
  return lemma === undefined ? tokens : [{ ...first, word: lemma }, ...tokens.slice(from + 1)];
}
