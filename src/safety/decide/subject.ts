import { WORD } from '../lexicon/word-flags.ts';
import type { TextReading } from '../read-text.ts';
import type { Cues } from './cues.ts';
import type { Match } from './scan.ts';

/** Whom a claim is about. `unsaid`: nobody is named, so most likely the speaker. */
export type Subject = 'speaker' | 'other_person' | 'figure' | 'people' | 'addressee' | 'unsaid';

/** Subjects are looked for this many words before the claim. */
const REACH = 14;
const LETTER_S = 0x73;
const THEIR: ReadonlySet<string> = new Set(['his', 'her', 'their']);
const ON_ONESELF: ReadonlySet<string> = new Set(['suicidal_ideation', 'self_harm']);
const POSSESSIVES: ReadonlySet<string> = new Set(['my', 'our', 'mine', 'ours']);
/** What happens between two people: "me" and "my" do not say who does it. */
const BETWEEN_PEOPLE: ReadonlySet<string> = new Set(['violence', 'abuse']);
const SUBJECT_FLAGS =
  WORD.first |
  WORD.thirdReflexive |
  WORD.thirdPronoun |
  WORD.person |
  WORD.entity |
  WORD.generic |
  WORD.second;

/**
 * Finds out whom a claim is about: a reflexive inside it, else the nearest subject before it in its sentence.
 *
 * Source: spec, safety 4.2
 */
export function subjectOf(
  match: Match,
  type: string,
  cues: Cues,
  isNamedFigure: (token: number) => boolean,
): Subject {
  const { reading } = cues;
  const inside = flagsInside(match, reading);
  const figure = figureBefore(match, cues);
  if ((inside & WORD.thirdReflexive) !== 0) {
    const before = nearest(match, cues, isNamedFigure);
    return figure || before === 'figure' ? 'figure' : before === 'people' ? 'people' : 'other_person';
  }
  if ((inside & (WORD.firstSubject | WORD.firstReflexive)) !== 0) return 'speaker';
  if (ON_ONESELF.has(type) && holdsAny(match, reading, THEIR)) {
    // "I want to end his life" harms another one, and is judged as that.
    const owner = nearest(match, cues, isNamedFigure);
    return owner === 'speaker' ? 'figure' : owner;
  }
  if (figure) return 'figure';
  if ((inside & WORD.first) !== 0 && !BETWEEN_PEOPLE.has(type)) return 'speaker';
  const found = nearest(match, cues, isNamedFigure);
  if (found !== 'unsaid') return found;
  return beginsWithThirdPerson(match, reading) ? 'other_person' : found;
}

function holdsAny({ first, last }: Match, { tokens }: TextReading, words: ReadonlySet<string>): boolean {
  for (let i = first; i <= last; i++) if (words.has(tokens.word(i))) return true;
  return false;
}

/** "Wants to die", with nobody named before it. */
function beginsWithThirdPerson({ first }: Match, reading: TextReading): boolean {
  if ((reading.flags(first) & WORD.thirdVerb) === 0) return false;
  const { letters, offsets, lengths } = reading.tokens;
  const length = lengths[first]!;
  return length > 3 && letters[offsets[first]! + length - 1] === LETTER_S;
}

function flagsInside({ first, last }: Match, reading: TextReading): number {
  let flags = 0;
  for (let i = first; i <= last; i++) flags |= reading.flags(i);
  return flags;
}

/** "my character", "the knight": a figure of the game named by several words, with nobody else after it. */
function figureBefore(match: Match, cues: Cues): boolean {
  const { sentences } = cues.reading.tokens;
  return cues
    .near('subjects', match)
    .some(
      (cue) =>
        sentences[cue.first] === sentences[match.first] &&
        cue.first <= match.last &&
        match.first - cue.last <= REACH &&
        !cues.hasFlagBetween(cue.last, match.first, WORD.firstSubject | WORD.person),
    );
}

function nearest(match: Match, cues: Cues, isNamedFigure: (token: number) => boolean): Subject {
  const { reading } = cues;
  const { sentences } = reading.tokens;
  for (let i = match.first - 1; i >= 0 && match.first - i <= REACH; i--) {
    if (sentences[i] !== sentences[match.first]) break;
    if (isNamedFigure(i)) return 'figure';
    const flags = reading.flags(i) & SUBJECT_FLAGS;
    if (flags === 0) continue;
    if ((flags & WORD.first) !== 0) {
      if (isPossessive(i, cues)) continue;
      return 'speaker';
    }
    if ((flags & WORD.entity) !== 0) return 'figure';
    const other: Subject =
      (flags & (WORD.person | WORD.thirdPronoun | WORD.thirdReflexive)) !== 0
        ? 'other_person'
        : (flags & WORD.generic) !== 0
          ? 'people'
          : 'addressee';
    return isOnlySpokenTo(i, cues) ? 'speaker' : other;
  }
  return 'unsaid';
}

/** The "my" of "my brother" and the "mine" of "a friend of mine" say whose, not who. */
function isPossessive(token: number, { reading }: Cues): boolean {
  return POSSESSIVES.has(reading.tokens.word(token));
}

/** "I told my mum about wanting to die": a person who hears of it, for no verb of that person follows. */
function isOnlySpokenTo(token: number, { reading }: Cues): boolean {
  const next = token + 1;
  if ((reading.flags(next) & (WORD.thirdVerb | WORD.transparent)) !== 0) return false;
  const { clauses } = reading.tokens;
  for (let i = token - 1; i >= 0 && token - i <= REACH && clauses[i] === clauses[token]; i--) {
    if ((reading.flags(i) & WORD.firstSubject) !== 0) return true;
    if ((reading.flags(i) & (WORD.thirdPronoun | WORD.thirdVerb)) !== 0) return false;
  }
  return false;
}
