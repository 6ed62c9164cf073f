import { hashOf } from '../match/word-table.ts';

/**
 * The kinds of cues that are learned from labelled lines. `word` and `pair` are words as they are, `stem` their first four
 * letters, `kind` the class of a word in the data (its own where it has none); gaps leave one or two words out.
 * `phrase` is what a phrase of the word lists claims, `claim` how it was judged.
 */
export const CUE_KINDS = [
  'word',
  'pair',
  'stem',
  'stems',
  'kind',
  'kinds',
  'kinds_1',
  'kinds_2',
  'phrase',
  'claim',
  'text',
] as const;
export type CueKind = (typeof CUE_KINDS)[number];
export const CUE = Object.fromEntries(CUE_KINDS.map((name, index) => [name, index + 1])) as Readonly<
  Record<CueKind, number>
>;

/** Letters of a word that stand for all its forms. */
export const STEM = 4;

/** One number for a cue of one or two parts; never 0. */
export function cueHash(kind: number, first: number, second: number): number {
  return endOfHash(beginOfHash(kind, first), second);
}

/** What {@link cueHash} makes of a kind and a first part, for those who know them before the second one. */
export function beginOfHash(kind: number, first: number): number {
  const hash = Math.imul(first ^ (kind * 0x9e3779b1), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

/** The hash that was begun, with its second part; 0 where there is none. */
export function endOfHash(begin: number, second: number): number {
  const mixed = Math.imul(begin + second, 0xc2b2ae35);
  const hash = mixed ^ (mixed >>> 16);
  return hash === 0 ? 1 : hash;
}

/** The same for a cue as it is written in the file: its kind, then its parts. */
export function hashOfCue(kind: CueKind, first: string, second: string | undefined): number {
  return cueHash(CUE[kind], hashOf(first), second === undefined ? 0 : hashOf(second));
}
