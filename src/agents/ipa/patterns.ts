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

/** Values by the phrases that mean them, found by their first word, longest first. */
export class PhraseTable<T> {
  readonly #byFirstWord = new Map<string, { readonly words: readonly string[]; readonly value: T }[]>();

  constructor(entries: Iterable<readonly [pattern: string, value: T]>) {
    for (const [pattern, value] of entries) {
      for (const words of expandPattern(pattern)) this.#add(words, value);
    }
    for (const rows of this.#byFirstWord.values()) rows.sort((a, b) => b.words.length - a.words.length);
  }

  #add(words: readonly string[], value: T): void {
    const first = words[0] ?? '';
    const rows = this.#byFirstWord.get(first) ?? [];
    rows.push({ words, value });
    this.#byFirstWord.set(first, rows);
  }

  /** Everything that begins at `at`, longest first. */
  at(tokens: readonly { readonly word: string }[], at: number): { words: readonly string[]; value: T }[] {
    const rows = this.#byFirstWord.get(tokens[at]?.word ?? '') ?? [];
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
