import type { Lexicon, Meaning } from '../lexicon/compile.ts';
import { WORD } from '../lexicon/word-flags.ts';
import { hashOf, hashOfLetters } from '../match/word-table.ts';
import type { Tokens } from '../text/tokens.ts';
import { STEM } from './cue-hash.ts';

/** Names of cues that are no words; in brackets, so that no word is one. */
export const PLAY = '<play>';
export const SPEAKER = '<speaker>';
export const START = '<start>';
/** A claim that the speaker makes, without a reason against it. */
export const OWN = 'own';

/** A word that belongs to the story. */
export const FIGURE = WORD.entity | WORD.game;

/** What a word of the lexicon gives to the cues that it is a part of, as hashes. A word of no class is its own kind. */
export interface CueParts {
  readonly word: number;
  readonly stem: number;
  readonly kind: number;
}

export function partsOfWord({ words, flags, kinds }: Lexicon, id: number): CueParts {
  const name = words.words[id]!;
  const word = hashOf(name);
  const isFigure = (flags[id]! & FIGURE) !== 0;
  const kindName = isFigure ? PLAY : kinds.get(name)?.[0];
  const kind = kindName === undefined ? word : hashOf(isFigure ? PLAY : `<${kindName}>`);
  return { word, stem: hashOf(name.slice(0, STEM)), kind };
}

/** The same for a word that the lexicon does not know. */
export function partsOfStranger(tokens: Tokens, token: number): CueParts {
  const { letters, offsets, lengths } = tokens;
  const word = tokens.hashOf(token);
  const stem = hashOfLetters(letters, offsets[token]!, Math.min(STEM, lengths[token]!));
  return { word, stem, kind: word };
}

/** What a phrase of the word lists is to somebody who learns. */
export function partOfPhrase(meaning: Meaning): number {
  if (meaning.kind === 'idiom') return hashOf('idiom');
  return hashOf(meaning.kind === 'cue' ? meaning.cue : `${meaning.phrase.type}/${meaning.phrase.tier}`);
}
