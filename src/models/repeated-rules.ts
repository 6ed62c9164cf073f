/** So many words in a row are no coincidence. */
const RUN = 7;

/** Whether a text repeats a passage of the rules it was made by: an answer that recites its prompt is none. */
export function repeatsRules(text: string, rules: string): boolean {
  const words = wordsOf(text);
  if (words.length < RUN) return false;
  const known = ` ${wordsOf(rules).join(' ')} `;
  return words.some((_, at) => {
    const run = words.slice(at, at + RUN);
    return run.length === RUN && known.includes(` ${run.join(' ')} `);
  });
}

/** The texts in a value, wherever they stand. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
