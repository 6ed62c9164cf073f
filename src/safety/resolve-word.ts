import type { Lexicon } from './lexicon/compile.ts';
import { leetReadings, shortenedRuns } from './text/readings.ts';

/** How a word was recognised, other than by its letters. */
export const READ = { exact: 0, deobfuscated: 1, fuzzy: 2 } as const;

/** Between the letters of a word they may also stand for nothing: "k*i*l*l". */
const SIGNS = /[*+|!@$]/gu;

export interface Resolved {
  /** Number of the word, or -1. */
  readonly word: number;
  readonly how: number;
}

/** What a word that is in no list was meant to be: disguised, drawn out or misspelled. */
export function resolveWord(typed: string, { words, anchors, telling, typos }: Lexicon): Resolved {
  for (const reading of [...leetReadings(typed), typed.replaceAll(SIGNS, '')]) {
    for (const short of new Set([reading, ...shortenedRuns(reading)])) {
      const word = words.idOf(short);
      if (word !== -1) return { word, how: READ.deobfuscated };
      if (!short.includes('*')) continue;
      const masked = unmask(short, telling) ?? unmask(short, anchors);
      if (masked !== null) return { word: words.idOf(masked), how: READ.deobfuscated };
    }
  }
  for (const reading of leetReadings(typed).slice(0, 2)) {
    for (const short of shortenedRuns(reading)) {
      const meant = typos.find(short);
      if (meant === null) continue;
      return { word: words.idOf(meant), how: READ.fuzzy | (reading === typed ? 0 : READ.deobfuscated) };
    }
  }
  return { word: -1, how: READ.exact };
}

/** The word that fits around the stars, one letter each. At least half of it must be there. */
function unmask(masked: string, anchors: ReadonlySet<string>): string | null {
  const stars = masked.split('*').length - 1;
  if (masked.length < 3 || stars * 2 > masked.length) return null;
  for (const word of anchors) {
    if (
      word.length === masked.length &&
      Array.from(word).every((letter, i) => masked[i] === '*' || masked[i] === letter)
    ) {
      return word;
    }
  }
  return null;
}
