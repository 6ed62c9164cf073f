/**
 * Phrases written short: `(check|show) (me)? (my|the)? bag` stands for every sequence of words it allows.
 * Groups hold single words or several (`(have a|take a) look`); `?` makes a group or a word optional.
 */
export function expandPattern(pattern: string): string[][] {
  const parts = pattern.match(/\([^)]*\)\??|\S+/g) ?? [];
  let phrases: string[][] = [[]];
  for (const part of parts) {
    const isOptional = part.endsWith('?');
    const bare = isOptional ? part.slice(0, -1) : part;
    const choices = (bare.startsWith('(') ? bare.slice(1, -1).split('|') : [bare]).map((c) => c.split(' '));
    const all = isOptional ? [...choices, []] : choices;
    phrases = phrases.flatMap((phrase) => all.map((choice) => [...phrase, ...choice]));
  }
  return phrases.filter((phrase) => phrase.length > 0);
}

interface Row<T> {
  readonly words: readonly string[];
  readonly value: T;
}

/**
 * Values by the phrases that mean them, found by their first word, longest first. They are expanded at the first
 * look: a process that never asks does not pay for thousands of phrases.
 */
export class PhraseTable<T> {
  readonly #entries: Iterable<readonly [pattern: string, value: T]>;
  #expanded: ReadonlyMap<string, readonly Row<T>[]> | undefined;

  /** @param entries  read once, at the first look */
  constructor(entries: Iterable<readonly [pattern: string, value: T]>) {
    this.#entries = entries;
  }

  /** Everything that begins at `at`, longest first. */
  at(tokens: readonly { readonly word: string }[], at: number): { words: readonly string[]; value: T }[] {
    this.#expanded ??= byFirstWord(this.#entries);
    const rows = this.#expanded.get(tokens[at]?.word ?? '') ?? [];
    return rows.filter(({ words }) => words.every((word, i) => tokens[at + i]?.word === word));
  }

  /** The first phrase anywhere in the tokens. */
  find(tokens: readonly { readonly word: string }[]): { at: number; length: number; value: T } | undefined {
    for (let at = 0; at < tokens.length; at++) {
      const [row] = this.at(tokens, at);
      if (row !== undefined) return { at, length: row.words.length, value: row.value };
    }
    return undefined;
  }
}

function byFirstWord<T>(
  entries: Iterable<readonly [pattern: string, value: T]>,
): ReadonlyMap<string, readonly Row<T>[]> {
  const rows = [...entries].flatMap(([pattern, value]) =>
    expandPattern(pattern).map((words): Row<T> => ({ words, value })),
  );
  const groups = Map.groupBy(rows, ({ words }) => words[0] ?? '');
  for (const group of groups.values()) group.sort((a, b) => b.words.length - a.words.length);
  return groups;
}
