import type { SafetyData, TypedPhrase } from '../../../config/safety-data.ts';
import { LearnedModel } from '../learned/learned-model.ts';
import { PhraseAutomaton } from '../match/phrase-automaton.ts';
import { PhraseBook } from '../match/phrase-book.ts';
import { PhraseNet } from '../match/phrase-net.ts';
import { SparseAhoCorasick } from '../match/sparse-aho-corasick.ts';
import { WordTable } from '../match/word-table.ts';
import { TypoIndex } from '../text/typos.ts';
import { FLAG_OF_CLASS, WORD } from './word-flags.ts';

/** What the end of a phrase means. */
export type Meaning =
  | { readonly kind: 'claim'; readonly phrase: TypedPhrase }
  | { readonly kind: 'idiom' }
  | { readonly kind: 'cue'; readonly cue: string };

/** The data of a language, ready to read texts with. */
export interface Lexicon {
  readonly locale: string;
  readonly words: WordTable;
  readonly automaton: PhraseAutomaton;
  /** By phrase number. */
  readonly meanings: readonly Meaning[];
  /** By word number. */
  readonly symbols: Int32Array;
  readonly flags: Int32Array;
  readonly sentiment: Float32Array;
  /** 1 for words with a sentiment and for negations: a small table, for few words of a text are either. */
  readonly isMoody: Uint8Array;
  readonly emoji: ReadonlyMap<number, number>;
  readonly typos: TypoIndex;
  /** Finds words in letters that were joined; literal numbers are word numbers. Built for the first text that has such. */
  readonly joined: () => SparseAhoCorasick;
  /** Words with a given pattern of known letters: "k*ll". */
  readonly anchors: ReadonlySet<string>;
  /** Words that the data names as the ones that crises are spoken of with. */
  readonly telling: ReadonlySet<string>;
  /** Names of the classes a word belongs to, the smallest class first. */
  readonly kinds: ReadonlyMap<string, readonly string[]>;
  /** What was learned from labelled lines; null for a language without any. */
  readonly learned: LearnedModel | null;
}

const WORD_LIKE = /^[a-z]{2,}$/;
const LETTERS_THAT_ARE_WORDS = new Set(['i', 'a', 'u', 'r', 'n']);
/** A target of violence is recognised like a cue, so that phrases may ask for one nearby. */
const TARGETS = 'targets';

/** Errors: safety_data_invalid (invalid_input) naming the phrase or class that is wrong */
export function compileLexicon(data: SafetyData): Lexicon {
  const texts: string[] = [];
  const meanings: Meaning[] = [];
  const add = (text: string, meaning: Meaning): void => {
    texts.push(text);
    meanings.push(meaning);
  };
  for (const phrase of data.phrases) add(phrase.text, { kind: 'claim', phrase });
  for (const idiom of data.idioms) add(idiom, { kind: 'idiom' });
  for (const [cue, list] of data.context) for (const text of list) add(text, { kind: 'cue', cue });
  for (const [cue, list] of data.fiction) {
    for (const text of list) if (!isSingleWord(text)) add(text, { kind: 'cue', cue });
  }
  if (data.classes.has(TARGETS)) add(`{${TARGETS}}`, { kind: 'cue', cue: TARGETS });
  const book = new PhraseBook(texts, data.classes);
  const net = new PhraseNet(book, negationsOf(data));
  const anchors = anchorsOf(data, book);
  const words = new WordTable([...net.words(), ...otherWords(data), ...anchors]);
  const automaton = new PhraseAutomaton(net);
  const flags = wordFlags(data, words);
  const sentiment = Float32Array.from(words.words, (word) => data.sentiment.get(word) ?? 0);
  return {
    locale: data.locale,
    words,
    automaton,
    meanings,
    symbols: Int32Array.from(words.words, (word, id) =>
      automaton.symbolOf(word, (flags[id]! & WORD.filler) !== 0),
    ),
    flags,
    sentiment,
    isMoody: Uint8Array.from(flags, (own, id) => Number((own & WORD.negation) !== 0 || sentiment[id] !== 0)),
    emoji: new Map([...data.emoji].map(([picture, value]) => [picture.codePointAt(0)!, value])),
    typos: new TypoIndex(anchors),
    joined: once(() => SparseAhoCorasick.of(words.words.map((word) => (mayBeSpelledOut(word) ? word : '')))),
    anchors,
    telling: new Set(data.anchors),
    kinds: kindsOf(data),
    learned: data.learned === null ? null : new LearnedModel(data.learned),
  };
}

/** Words worth a correction: those of the phrases that claim something, and those that the data names. */
function anchorsOf(data: SafetyData, book: PhraseBook): Set<string> {
  const plain = book.nodes.filter((_, id) => id < data.phrases.length && data.phrases[id]!.tier !== 'weak');
  const shortWords = new Set(data.classes.get('never_misspelled') ?? []);
  const found = book.wordsOf(plain).filter((word) => !shortWords.has(word));
  return new Set([...found, ...data.anchors].filter((word) => WORD_LIKE.test(word)));
}

function kindsOf(data: SafetyData): Map<string, string[]> {
  const kinds = new Map<string, string[]>();
  const shared = [...data.classes].filter(([name]) => !name.includes('__'));
  for (const [name, entries] of shared.sort((a, b) => a[1].length - b[1].length || (a[0] < b[0] ? -1 : 1))) {
    for (const word of entries) {
      if (!isSingleWord(word)) continue;
      const known = kinds.get(word);
      if (known === undefined) kinds.set(word, [name]);
      else if (!known.includes(name)) known.push(name);
    }
  }
  return kinds;
}

function negationsOf(data: SafetyData): ReadonlySet<string> {
  return new Set(data.classes.get('negation_words') ?? []);
}

function otherWords(data: SafetyData): string[] {
  const classes = Object.keys(FLAG_OF_CLASS).flatMap((name) => data.classes.get(name) ?? []);
  const fiction = [...data.fiction.values()].flat();
  const possessives = (data.classes.get('persons') ?? []).filter(isSingleWord).map((word) => `${word}s`);
  return [
    ...classes,
    ...possessives,
    ...fiction,
    ...data.words,
    ...data.sentiment.keys(),
    ...data.intensifiers,
  ].filter(isSingleWord);
}

function wordFlags(data: SafetyData, words: WordTable): Int32Array {
  const flags = new Int32Array(words.words.length);
  const mark = (list: readonly string[] | undefined, flag: number): void => {
    for (const text of list ?? []) {
      const id = words.idOf(text.replaceAll(/['’]/gu, '').toLowerCase());
      if (id !== -1) flags[id]! |= flag;
    }
  };
  for (const [name, flag] of Object.entries(FLAG_OF_CLASS)) mark(data.classes.get(name), flag);
  mark(
    (data.classes.get('persons') ?? []).filter(isSingleWord).map((word) => `${word}s`),
    WORD.person,
  );
  mark(data.fiction.get('entities'), WORD.entity);
  mark(data.fiction.get('game_words'), WORD.game);
  mark(data.intensifiers, WORD.intensifier);
  return flags;
}

const MORE_THAN_A_WORD = /[\s{}()[\]*|-]/;

function isSingleWord(text: string): boolean {
  return !MORE_THAN_A_WORD.test(text);
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function mayBeSpelledOut(word: string): boolean {
  return WORD_LIKE.test(word) || LETTERS_THAT_ARE_WORDS.has(word);
}
