/** One word of the text: lower case for matching, offsets for showing where it stood. */
export interface Token {
  readonly word: string;
  readonly start: number;
  readonly end: number;
  /** A comma, semicolon, full stop or line break stands between this word and the one before. */
  readonly breakBefore: 'none' | 'comma' | 'stop';
}

const WORD = /[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu;

/** Words with their places in `text`. Each word is lowered by itself, because lowering can change lengths. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let previousEnd = 0;
  for (const match of text.matchAll(WORD)) {
    const between = text.slice(previousEnd, match.index);
    const breakBefore = /[.!?;:\n]/u.test(between) ? 'stop' : between.includes(',') ? 'comma' : 'none';
    const end = match.index + match[0].length;
    tokens.push({
      word: match[0].toLowerCase().replaceAll('’', "'"),
      start: match.index,
      end,
      breakBefore: tokens.length === 0 ? 'none' : breakBefore,
    });
    previousEnd = end;
  }
  return tokens;
}

export function wordsOf(tokens: readonly Token[]): string {
  return tokens.map((token) => token.word).join(' ');
}

/** Do the tokens from `at` on begin with this phrase? */
export function startsWithPhrase(tokens: readonly Token[], at: number, phrase: readonly string[]): boolean {
  return phrase.every((word, i) => tokens[at + i]?.word === word);
}
