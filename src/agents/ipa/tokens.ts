/** One word of the text: lower case for matching, offsets for showing where it stood. */
export interface Token {
  readonly word: string;
  readonly start: number;
  readonly end: number;
  /** A comma, semicolon, full stop or line break stands between this word and the one before. */
  readonly breakBefore: 'none' | 'comma' | 'stop';
  /** Stands in quotation marks: it is said, not done. */
  readonly isQuoted: boolean;
}

const WORD = /[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu;
/** The curled pairs and the straight one; a mark that never closes quotes nothing. */
const QUOTED = /"[^"]*"|“[^”]*”|«[^»]*»/gu;

/** Words with their places in `text`. Each word is lowered by itself, because lowering can change lengths. */
export function tokenize(text: string): Token[] {
  const quotes = [...text.matchAll(QUOTED)].map((match) => match.index + match[0].length);
  const opens = [...text.matchAll(QUOTED)].map((match) => match.index);
  const tokens: Token[] = [];
  let previousEnd = 0;
  let quote = 0;
  for (const match of text.matchAll(WORD)) {
    const between = text.slice(previousEnd, match.index);
    const breakBefore = /[.!?;:\n…]|--|\s[-–—]\s/u.test(between)
      ? 'stop'
      : between.includes(',')
        ? 'comma'
        : 'none';
    const end = match.index + match[0].length;
    while ((quotes[quote] ?? Infinity) <= match.index) quote++;
    tokens.push({
      word: match[0].toLowerCase().replaceAll('’', "'"),
      start: match.index,
      end,
      breakBefore: tokens.length === 0 ? 'none' : breakBefore,
      isQuoted: (opens[quote] ?? Infinity) < match.index,
    });
    previousEnd = end;
  }
  return tokens;
}

export function wordsOf(tokens: readonly Token[]): string {
  return tokens.map((token) => token.word).join(' ');
}
