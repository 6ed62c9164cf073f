/** Something that can be called by name: an object, a person, a place. */
export interface Named {
  readonly name: string;
  readonly aliases: readonly string[];
}

const DROPPED_WORDS = new Set('a an the my your his her its our their this that these those some'.split(' '));

/** Lower-case words that carry meaning: articles and possessives go, plural and singular fall together. */
export function nameWords(text: string): string[] {
  const words =
    text
      .toLowerCase()
      .replaceAll('’', "'")
      .match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? [];
  return words.filter((word) => !DROPPED_WORDS.has(word)).map(singular);
}

/**
 * How well a phrase names a thing; 0 is not at all. In falling order: the whole name or an alias, a name
 * inside a longer phrase, part of a name, the same noun with other adjectives ("old journal").
 */
export function nameScore(phrase: readonly string[], id: string, thing: Named): number {
  if (phrase.length === 0) return 0;
  let best = 0;
  for (const name of [thing.name, ...thing.aliases, id.replaceAll('_', ' ')]) {
    best = Math.max(best, scoreOne(phrase, nameWords(name)));
  }
  return best;
}

function scoreOne(phrase: readonly string[], name: readonly string[]): number {
  if (name.length === 0) return 0;
  if (phrase.length === name.length && phrase.every((word, i) => word === name[i])) return 300 + name.length;
  if (` ${phrase.join(' ')} `.includes(` ${name.join(' ')} `)) return 200 + name.length;
  if (phrase.every((word) => name.includes(word))) return 100 + phrase.length;
  return phrase.at(-1) === name.at(-1) ? 50 : 0;
}

function singular(word: string): string {
  return word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}

/** The best match and every other candidate that is exactly as good. */
export function bestMatches<T extends Named & { readonly id: string }>(
  phrase: readonly string[],
  candidates: readonly T[],
): T[] {
  let bestScore = 1;
  let best: T[] = [];
  for (const candidate of candidates) {
    const score = nameScore(phrase, candidate.id, candidate);
    if (score > bestScore) {
      bestScore = score;
      best = [candidate];
    } else if (score === bestScore) {
      best.push(candidate);
    }
  }
  return best;
}
