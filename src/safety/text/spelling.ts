import { UNIT, type FoldedText } from './fold.ts';

/** What is peculiar about the spelling of a token. */
export const SPELLING = {
  /** Letters mixed with digits or symbols that may stand for letters. */
  leet: 1,
  /** A letter at least three times in a row; looked for where it matters, see `Tokens.spellingOf`. */
  repeats: 2,
  /** Only digits. */
  number: 4,
  /** Letters that were replaced, or invisible characters inside. */
  changed: 8,
  /** Wholly in the letters of another script. */
  otherScript: 16,
} as const;

/** What the marks of the units of a word say. */
export function spellingOfMarks(
  { marks, units, foreignLetters }: FoldedText,
  from: number,
  to: number,
): number {
  let spelling = 0;
  let script = 0;
  for (let i = from; i < to; i++) {
    if (marks[i] !== UNIT.plain && i > from) spelling |= SPELLING.changed;
    if (marks[i] === UNIT.changed) spelling |= SPELLING.changed;
    if (marks[i] === UNIT.scriptLetter || units[i]! >= 128) script++;
  }
  if (script > 0) spelling |= SPELLING.changed;
  return script === to - from && foreignLetters > 0 ? spelling | SPELLING.otherScript : spelling;
}
