/** Shorter words are too close to too many others. */
const SHORTEST = 5;
/** From here on a wrong letter still leaves enough right ones; below only a missing, doubled or swapped one does. */
const LONG = 7;

/**
 * May `typed` be `meant` with one slip of the fingers: a letter missing, one too many, two swapped, or in long words
 * one wrong? The first letter must be right.
 */
export function isTypingErrorOf(typed: string, meant: string): boolean {
  if (typed === meant || typed[0] !== meant[0] || Math.min(typed.length, meant.length) < SHORTEST - 1)
    return false;
  if (Math.max(typed.length, meant.length) < SHORTEST || Math.abs(typed.length - meant.length) > 1)
    return false;
  let same = 0;
  while (typed[same] === meant[same] && same < typed.length) same++;
  const left = typed.slice(same);
  const right = meant.slice(same);
  if (left.length !== right.length) return left.slice(1) === right || left === right.slice(1);
  const isSwapped = left[0] === right[1] && left[1] === right[0] && left.slice(2) === right.slice(2);
  return isSwapped || (typed.length >= LONG && left.slice(1) === right.slice(1));
}
