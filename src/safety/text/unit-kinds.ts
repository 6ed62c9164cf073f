/** `letter` is one from a to z; what comes from `clauseEnd` on divides words, and so does a space. */
export const KIND = {
  space: 0,
  letter: 1,
  otherLetter: 2,
  digit: 3,
  apostrophe: 4,
  symbol: 5,
  clauseEnd: 6,
  stop: 7,
} as const;
/** As bits. */
export const LETTERS = (1 << KIND.letter) | (1 << KIND.otherLetter);
/** Kinds of units, by unit. */
export const KINDS = kindTable();
/** `!` ends a sentence unless it stands inside a word; these others only ever stand for letters. */
export const EXCLAMATION = 0x21;
export const DOT = 0x2e;
export const LINE_FEED = 10;
export const QUOTE = 0x22;

/** Behind the last unit there is a space. */
export function isWordUnit(units: Uint16Array, i: number): boolean {
  const kind = KINDS[units[i]!];
  return kind === KIND.letter || kind === KIND.otherLetter || kind === KIND.digit;
}

/** Whether a unit that is no letter from a to z belongs to the word before it. */
export function goesOn(units: Uint16Array, i: number, kind: number): boolean {
  if (kind === KIND.space || kind >= KIND.clauseEnd) return false;
  if (kind <= KIND.digit || isWordUnit(units, i + 1)) return true;
  // "k**l": symbols in a row are part of the word when letters follow.
  return kind === KIND.symbol && units[i + 1] === units[i] && isWordUnit(units, i + 2);
}

/** A dot between letters, as in "k.i.l.l", and one of several ends no sentence, and neither does a single line. */
export function endsSentence(units: Uint16Array, i: number, length: number): boolean {
  const c = units[i]!;
  if (c === LINE_FEED) return i + 1 < length && units[i + 1] === LINE_FEED;
  if (c !== DOT) return true;
  if (i > 0 && units[i - 1] === DOT) return false;
  const next = i + 1 < length ? units[i + 1]! : LINE_FEED;
  return next === 0x20 || next === LINE_FEED || next === 13 || next === 9 || next === QUOTE;
}

function kindTable(): Uint8Array {
  // Whatever else is left after folding is a letter.
  const kinds = new Uint8Array(65_536).fill(KIND.otherLetter, 128);
  for (let c = 0x61; c <= 0x7a; c++) kinds[c] = KIND.letter;
  for (let c = 0x30; c <= 0x39; c++) kinds[c] = KIND.digit;
  const put = (characters: string, kind: number): void => {
    for (const character of characters) kinds[character.charCodeAt(0)] = kind;
  };
  put("'`", KIND.apostrophe);
  put('@$!|+*', KIND.symbol);
  put(',;:()"[]{}', KIND.clauseEnd);
  put('.?\n', KIND.stop);
  return kinds;
}
