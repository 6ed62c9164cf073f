import type { SafetyData } from '../../../config/safety-data.ts';
import type { TextReading } from '../read-text.ts';

/** Longer texts are weighed in stretches: a sign in the middle must not drown. */
const STRETCH = 24;
/** A stretch that follows begins at least this many words before the end of the last. */
const SHARED = 8;
const SUFFIX = /(?:ing|ed|es|s|e)$/u;
const ONE_WORD = /^[a-z]+$/u;

/** Words `first` to `last`, both included. */
export interface Stretch {
  readonly first: number;
  readonly last: number;
}

/** The parts of a text that are weighed each for itself. */
export function stretchesOf({ tokens }: TextReading): Stretch[] {
  const { count, sentences } = tokens;
  if (count <= STRETCH) return count === 0 ? [] : [{ first: 0, last: count - 1 }];
  const found: Stretch[] = [];
  for (let first = 0; ;) {
    const last = Math.min(count, first + STRETCH) - 1;
    found.push({ first, last });
    if (last === count - 1) return found;
    const latest = last + 1 - SHARED;
    // From the beginning of a sentence, where there is one.
    let next = latest;
    while (next > first + 1 && sentences[next - 1] === sentences[next]) next--;
    first = next > first + 1 ? next : latest;
  }
}

/** "Hurts", "hurting" and "hurt" have a weight in common. */
export function stemOf(word: string): string {
  return word.length > 3 ? word.replace(SUFFIX, '') : word;
}

/** The classes and lists of the data that single words are in. */
export function classesByWord(data: SafetyData): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  const put = (words: Iterable<string>, name: string): void => {
    for (const word of words) {
      if (!ONE_WORD.test(word)) continue;
      const known = found.get(word);
      if (known === undefined) found.set(word, new Set([name]));
      else known.add(name);
    }
  };
  for (const [name, words] of data.classes) put(words, name);
  for (const name of ['entities', 'game_words']) put(data.fiction.get(name) ?? [], name);
  for (const [word, value] of data.sentiment) put([word], value > 0 ? 'glad' : 'grim');
  return new Map([...found].map(([word, names]) => [word, [...names]]));
}
