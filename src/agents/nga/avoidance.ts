import { AVOIDED_THEMES } from './grammar/avoided-themes.ts';

/** What a player's story must keep clear of. */
export interface Avoidance {
  readonly isEmpty: boolean;
  /** Whether a text says one of the words or phrases, in whatever inflection, or a word of a theme named so. */
  mentions(text: string): boolean;
}

/** Words without which nothing can be told at all; an entry that has only such words has no effect. */
const INDISPENSABLE = new Set(
  'a an the and or but of to in on at it is are be you your i me my with for as do does what not no'.split(
    ' ',
  ),
);

/** @param entries  words, phrases and themes: "spiders", "my brother", "death", "self_reflection" */
export function avoidanceOf(entries: readonly string[]): Avoidance {
  const phrases = entries
    .map((entry) => wordsOf(entry).filter((word) => !INDISPENSABLE.has(word)))
    .filter((words) => words.length > 0)
    .map((words) => words.map(stemOf));
  const single = new Set(phrases.filter((phrase) => phrase.length === 1).map((phrase) => phrase[0]!));
  const stems = new Set(single);
  for (const theme of STEMMED_THEMES) {
    if (single.has(theme.name)) for (const stem of theme.stems) stems.add(stem);
  }
  const longer = phrases.filter((phrase) => phrase.length > 1);
  return {
    isEmpty: phrases.length === 0,
    mentions(text) {
      if (phrases.length === 0) return false;
      const words = wordsOf(text)
        .filter((word) => !INDISPENSABLE.has(word))
        .map(stemOf);
      if (words.some((word) => stems.has(word))) return true;
      const line = ` ${words.join(' ')} `;
      return longer.some((phrase) => line.includes(` ${phrase.join(' ')} `));
    },
  };
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .replace(/[’']s\b/g, '')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

/** A plain form, and the forms no rule finds. */
const IRREGULAR: ReadonlyMap<string, string> = new Map(
  [
    'die dying died dies, lie lying, fight fought, strike struck, hang hung',
    'drink drank drunk drinking, eat ate eaten, fall fell fallen, weep wept, run ran running',
    'child children, woman women, man men, wolf wolves, knife knives, foot feet, mouse mice',
    'lose lost losing loss losses, grow grown grew, tell told, feel felt, breathe breath',
    'swim swam swum, leaf leaves, leave left, think thought, sleep slept, stand stood, sit sat',
    'burn burnt',
  ]
    .flatMap((line) => line.split(', '))
    .map((entry) => entry.split(' '))
    .flatMap(([plain = '', ...forms]) => forms.map((form) => [form, plain] as const)),
);

/** A stem that the inflections of one word share. Rather one word too many is avoided than one too few. */
export function stemOf(word: string): string {
  let stem = IRREGULAR.get(word) ?? word;
  stem = stem.length > 4 ? stem.replace(/ies$/, 'y') : stem;
  stem = stem.replace(stem.length > 4 ? PLURAL : /(?<!s)s$/, '');
  for (let before = ''; before !== stem && stem.length > 4;) {
    before = stem;
    stem = stem.replace(/(?:iness|ied|iers?|iest|ily)$/, 'y');
    stem = stem === before ? stem.replace(SUFFIX, '') : stem;
    stem = stem.replace(/([^aeiouls])\1$/, '$1');
  }
  return stem.length > 3 ? stem.replace(/[ey]$/, '') : stem;
}

const PLURAL = /(?:es|(?<!s)s)$/;
const SUFFIX = /(?:fulness|ness|ment|fully|ful|ings?|edly|ed|ers?|est|ous|ly|(?<=[a-z]{4})y)$/;

const STEMMED_THEMES = AVOIDED_THEMES.map((words) => ({
  name: stemOf(words[0] ?? ''),
  stems: words.map(stemOf),
}));
