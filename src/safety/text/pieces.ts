/** Longer texts are read piece by piece. */
export const CHUNK_UNITS = 16_384;
const OVERLAP = 512;
/** Pieces are cut between words where there is one this close. */
const LONGEST_WORD = 128;

/** A stretch of a text that is read at once, and the part of it whose findings are its own. */
export interface TextPiece {
  readonly from: number;
  readonly to: number;
  readonly ownFrom: number;
  readonly ownTo: number;
}

export const WHOLE: TextPiece = { from: 0, to: Infinity, ownFrom: 0, ownTo: Infinity };

/**
 * Cuts a long text into pieces that overlap. What begins in the first half of an overlap belongs to the piece before it,
 * all else to the piece after it: so everything is judged once, with what stands around it.
 */
export function piecesOf(text: string): TextPiece[] {
  const pieces: TextPiece[] = [];
  let from = 0;
  let ownFrom = 0;
  for (;;) {
    const isLast = text.length - from <= CHUNK_UNITS;
    const to = isLast ? text.length : wordStart(text, from + CHUNK_UNITS - LONGEST_WORD);
    const ownTo = isLast ? Infinity : to - OVERLAP / 2;
    pieces.push({ from, to, ownFrom, ownTo });
    if (isLast) return pieces;
    from = wordStart(text, to - OVERLAP);
    ownFrom = ownTo;
  }
}

export function isOwn({ ownFrom, ownTo }: TextPiece, start: number): boolean {
  return start >= ownFrom && start < ownTo;
}

/** The first place from `at` on where a word begins, if it is close; never between the halves of a character. */
function wordStart(text: string, at: number): number {
  for (let i = at; i < at + LONGEST_WORD; i++) {
    const before = text.charCodeAt(i - 1);
    if (before === 0x20 || before === 0x0a) return i;
  }
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at + 1 : at;
}
