/** What an agent is told of the past. */
export interface Past<T> {
  /** Lines of the summary, the ones that go first in front. */
  readonly lines: readonly string[];
  /** Oldest first. */
  readonly turns: readonly T[];
}

/**
 * Cut to a number of characters (UTF-16 units, as lengths of texts are) by leaving out whole items: lines of the summary
 * from the front, then turns, oldest first. What is left is told in full.
 *
 * @param taken  characters that are used already, by what is never left out
 */
export function fitContext<T extends { readonly text: string; readonly response_text: string }>(
  past: Past<T>,
  maxChars: number,
  taken = 0,
): Past<T> {
  let left = maxChars - taken;
  const turns = lastThatFit(past.turns, ({ text, response_text: told }) => text.length + told.length);
  // A turn that was left out would leave a gap before older lines, so these go with it.
  const lines = turns.length < past.turns.length ? [] : lastThatFit(past.lines, (line) => line.length + 1);
  return { lines, turns };

  function lastThatFit<I>(items: readonly I[], sizeOf: (item: I) => number): I[] {
    let first = items.length;
    while (first > 0) {
      const size = sizeOf(items[first - 1]!);
      if (size > left) break;
      left -= size;
      first -= 1;
    }
    return items.slice(first);
  }
}
