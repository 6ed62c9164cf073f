import { WORD } from '../lexicon/word-flags.ts';
import { SPELLING } from '../text/spelling.ts';
import type { Cues } from './cues.ts';
import type { Match } from './scan.ts';

/** Words over which a negation reaches. */
const NEGATION_SCOPE = 8;
/** A time that is named before a comma still belongs to what follows this closely. */
const TIME_SCOPE = 4;
/** Words between a claim and a recent time that belongs to it. */
const RECENT_SCOPE = 5;

const TIME_WORDS: ReadonlySet<string> = new Set([
  'ago',
  'back',
  'in',
  'when',
  'as',
  'last',
  'then',
  'years',
  'past',
  'once',
]);

const PAST_TENSE_SCOPE = 6;
const PAST_TENSE: ReadonlySet<string> = new Set([
  'was',
  'were',
  'had',
  'would',
  'used',
  'wanted',
  'tried',
  'thought',
  'couldnt',
  'felt',
  'did',
  'drank',
  'took',
  'heard',
  'hit',
  'beat',
]);

const COMPARED_SCOPE = 4;
const COMPARATIVES: ReadonlySet<string> = new Set(['more', 'as', 'so', 'enough', 'worse']);
/** Of "used to". */
const USED = 'used';
const ABSTINENCE: ReadonlySet<string> = new Set(['clean', 'sober', 'recovered', 'free']);

/** "I never wanted to die more than now": what follows turns the negation around. */
function isCompared(match: Match, cues: Cues): boolean {
  const { last } = match;
  return cues
    .near('pseudo_negation', match)
    .some(
      (cue) =>
        cue.first > last &&
        cue.first - last <= COMPARED_SCOPE &&
        COMPARATIVES.has(cues.reading.tokens.word(cue.first)),
    );
}

/** "Years without it, and since March I have had them again": the denial was of another time. */
function hasComeBack(match: Match, cues: Cues): boolean {
  return cues.hasAfter('come_back', match);
}

/** Whether the claim is denied. A claim that contains its own negation ("don't want to live") is not. */
export function isNegated(match: Match, cues: Cues): boolean {
  const { clauses } = cues.reading.tokens;
  if (isCompared(match, cues) || hasComeBack(match, cues)) return false;
  const isDenied = cues
    .near('negation', match)
    .some(
      (cue) =>
        cue.first < match.first &&
        !isPartOfClaim(cue, match, cues) &&
        match.first - cue.last <= NEGATION_SCOPE &&
        clauses[cue.last] === clauses[match.first] &&
        !cues.hasOverlapping('pseudo_negation', cue) &&
        !cues.hasBetween('terminators', cue.last, match.first) &&
        !cues.hasFlagBetween(cue.last, match.first, WORD.firstSubject),
    );
  if (isDenied) return true;
  return cues
    .near('negation_after', match)
    .some(
      (cue) =>
        cue.first > match.last && cue.first - match.last <= 3 && clauses[cue.first] === clauses[match.last],
    );
}

/** Whether the claim is over. Recency and return ("and now it's back") make it present again. */
export function isPast(match: Match, cues: Cues): boolean {
  const { clauses, sentences } = cues.reading.tokens;
  const isNow =
    hasComeBack(match, cues) ||
    hasReturned(match, cues) ||
    cues
      .near('returned', match)
      .some((cue) => cue.last <= match.last && clauses[cue.first] === clauses[match.first]) ||
    cues.near('recent', match).some((cue) => distance(cue, match) <= RECENT_SCOPE);
  if (isNow) return false;
  if (isResolved(match, cues)) return true;
  return cues
    .near('past', match)
    .some(
      (cue) =>
        sentences[cue.first] === sentences[match.first] &&
        !isDeniedTime(cue, cues) &&
        (cue.last < match.first || beginsBefore(cue, match) || endsInside(cue, match, cues)
          ? (clauses[cue.last] === clauses[match.first] || match.first - cue.last <= TIME_SCOPE) &&
            !cues.hasBetween('terminators', cue.last, match.first)
          : cue.first > match.last && namesATime(cue, cues)),
    );
}

/** "I was hooked for years. Clean since 2003": told in the past, and said to be over in what follows. */
function isResolved({ first, last }: Match, cues: Cues): boolean {
  const { sentences, clauses } = cues.reading.tokens;
  const isSaid = cues
    .all('resolved')
    .some((cue) => cue.first > last && sentences[cue.first]! - sentences[last]! <= 1);
  if (!isSaid) return false;
  for (let i = last; i >= 0 && first - i <= PAST_TENSE_SCOPE && sentences[i] === sentences[first]; i--) {
    if (PAST_TENSE.has(cues.reading.tokens.word(i)) && clauses[first]! - clauses[i]! <= 1) return true;
  }
  return false;
}

/** "Still" and "again" in what follows, unless it is life that goes on: "I wanted to die; I'm glad I'm still here". */
function hasReturned(match: Match, cues: Cues): boolean {
  return cues.all('returned').some((cue) => cue.last > match.last && !cues.hasOverlapping('better_now', cue));
}

/** "Can't quit" and "never got over it" are no end. */
function isDeniedTime({ first }: Match, { reading }: Cues): boolean {
  for (let i = Math.max(0, first - 2); i < first; i++) {
    if ((reading.flags(i) & WORD.negation) !== 0) return true;
  }
  return false;
}

function distance(a: Match, b: Match): number {
  return a.last < b.first ? b.first - a.last : a.first - b.last;
}

/** After a claim only a time ends it ("years ago"), not a state ("used to"), which belongs to something else. */
function namesATime({ first, last }: Match, { reading }: Cues): boolean {
  for (let i = first; i <= last; i++) if (TIME_WORDS.has(reading.tokens.word(i))) return true;
  return false;
}

/** "Used to cut": the claim may begin with the last word of what says that it is over. */
function beginsBefore(cue: Match, match: Match): boolean {
  return cue.first < match.first && cue.last < match.last;
}

/** "Clean from self harm", "my ex used to hit me": the claim begins before it is said to be over. */
function endsInside(cue: Match, match: Match, { reading }: Cues): boolean {
  if (cue.last < match.first || cue.last >= match.last) return false;
  if (reading.tokens.word(cue.first) === USED && cue.last > cue.first) return true;
  const isEnd = (token: number): boolean =>
    ABSTINENCE.has(reading.tokens.word(token)) ||
    (reading.tokens.word(cue.first) === 'in' && (reading.tokens.spellings[token]! & SPELLING.number) !== 0);
  for (let i = cue.first; i <= cue.last; i++) if (isEnd(i)) return true;
  return false;
}

/** The "not" of "not want to live" belongs to the claim; the "i" of "don't think I" may. */
function isPartOfClaim(cue: Match, match: Match, cues: Cues): boolean {
  if (cue.last >= match.last) return true;
  return cues.hasFlagBetween(match.first - 1, cue.last + 1, WORD.negation);
}
