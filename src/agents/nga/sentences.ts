const PARAGRAPH_FROM_CHARS = 200;
/** The end of a sentence, quotation marks included, and the white space after it, when a new one begins there. */
const BOUNDARY = /(?<![A-Z]|\b(?:Mr|Mrs|Ms|Dr|St))[.!?…]+[”’)]*(\s+)(?=[“‘(]*[\p{Lu}\p{N}])/gu;

/**
 * A text as its sentences, each with the white space before it, so that the pieces joined are the text. Whether one
 * ends is decided by what follows it: the pieces of a beginning, but for its last, are pieces of the whole.
 */
export function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  for (const match of text.matchAll(BOUNDARY)) {
    const end = match.index + match[0].length - (match[1] ?? '').length;
    pieces.push(text.slice(start, end));
    start = end;
  }
  if (start < text.length) pieces.push(text.slice(start));
  return pieces;
}

export function sentencesOf(text: string): string[] {
  return piecesOf(text).map((piece) => piece.trim());
}

/** Quotation marks and apostrophes as they are set in print. Each is decided by what stands before it. */
export function typeset(text: string): string {
  return text
    .replace(/"/g, (_mark, at: number) => (/[\s(“‘—–]/.test(text[at - 1] ?? ' ') ? '“' : '”'))
    .replace(/'/g, (_mark, at: number) => (/[\s(“—–]/.test(text[at - 1] ?? ' ') ? '‘' : '’'))
    .replace(/[^\S\n]+/g, ' ');
}

/**
 * Sentences as a story: a break between paragraphs where the text has one, and at the latest before the sentence
 * that would take the first paragraph past 200 characters. The layout of a beginning is the beginning of the layout.
 */
export function layOut(pieces: readonly string[]): string[] {
  let length = 0;
  let hasBreak = false;
  return pieces.map((piece, index) => {
    const sentence = piece.trim();
    const asksBreak = /^\s*\n/.test(piece);
    const isTooLong = !hasBreak && length + 1 + sentence.length > PARAGRAPH_FROM_CHARS;
    const gap = index === 0 ? '' : asksBreak || isTooLong ? '\n\n' : ' ';
    if (gap === '\n\n') hasBreak = true;
    length += gap.length + sentence.length;
    return gap + sentence;
  });
}
