import type { TextReading } from '../read-text.ts';
import { WORD } from '../lexicon/word-flags.ts';
import type { Match } from './scan.ts';

/** Words of the game further away belong to something else. */
const GAME_REACH = 12;

/** In a text with more cues of a kind than this, only those near a claim are looked at: time stays linear. */
const FEW = 64;
/** Further back no word is looked at. */
const FAR = 256;
/** Words around a claim; those of a cue come on top. */
const NEAR = 64;

/** The cues of one text by kind, each kind in order of their last words. */
export class Cues {
  readonly #byKind = new Map<string, Match[]>();
  readonly idioms: Match[] = [];
  readonly reading: TextReading;

  constructor(reading: TextReading, matches: readonly Match[]) {
    this.reading = reading;
    for (const match of matches) {
      if (match.meaning.kind === 'idiom') this.idioms.push(match);
      if (match.meaning.kind !== 'cue') continue;
      const { cue } = match.meaning;
      const same = this.#byKind.get(cue);
      if (same === undefined) this.#byKind.set(cue, [match]);
      else same.push(match);
    }
  }

  all(kind: string): readonly Match[] {
    return this.#byKind.get(kind) ?? [];
  }

  /** The cues of a kind that may have to do with a claim: all of them, or those around it when there are many. */
  near(kind: string, span: Span): readonly Match[] {
    return around(this.all(kind), span);
  }

  idiomsNear(span: Span): readonly Match[] {
    return around(this.idioms, span);
  }

  /** Whether the text has such a cue anywhere. */
  has(kind: string): boolean {
    return this.#byKind.has(kind);
  }

  hasInSentence(kind: string, match: Match): boolean {
    const { sentences } = this.reading.tokens;
    const { first } = match;
    return this.near(kind, match).some((cue) => sentences[cue.first] === sentences[first]);
  }

  hasAfter(kind: string, { last }: Match): boolean {
    const furthest = this.all(kind).at(-1);
    return furthest !== undefined && furthest.last > last;
  }

  hasOverlapping(kind: string, span: Span): boolean {
    return this.near(kind, span).some((cue) => cue.first <= span.last && cue.last >= span.first);
  }

  /** Whether a token between the two (both excluded) has one of the flags. */
  hasFlagBetween(after: number, before: number, flags: number): boolean {
    for (let i = Math.max(after + 1, before - FAR); i < before; i++)
      if ((this.reading.flags(i) & flags) !== 0) return true;
    return false;
  }

  hasBetween(kind: string, after: number, before: number): boolean {
    return this.near(kind, { first: after, last: before }).some(
      (cue) => cue.first > after && cue.last < before,
    );
  }

  /** "My boss" is a person; "the boss" is one of the game. */
  #isOwnPerson(token: number): boolean {
    if ((this.reading.flags(token) & WORD.person) === 0) return false;
    for (let i = Math.max(0, token - 2); i < token; i++) {
      if ((this.reading.flags(i) & WORD.first) !== 0) return true;
    }
    return false;
  }

  /** Words of the game near `match`, in its sentence and outside of the match itself. */
  gameWordsBeside(match: Match, flags: number = WORD.entity | WORD.game, isInsideToo = false): boolean {
    const { sentences, count } = this.reading.tokens;
    const sentence = sentences[match.first]!;
    let from = match.first;
    while (from > 0 && sentences[from - 1] === sentence && match.first - from < GAME_REACH) from--;
    const to = Math.min(count, match.last + GAME_REACH);
    for (let i = from; i < to && sentences[i] === sentence; i++) {
      if (!isInsideToo && i >= match.first && i <= match.last) continue;
      if ((this.reading.flags(i) & flags) !== 0 && !this.#isOwnPerson(i)) return true;
    }
    const isNear = (cue: Match): boolean =>
      cue.last >= from && cue.first < to && sentences[cue.first] === sentence;
    return (
      ((flags & WORD.game) !== 0 && this.all('game_words').some(isNear)) ||
      ((flags & WORD.entity) !== 0 && this.all('entities').some(isNear))
    );
  }
}

interface Span {
  readonly first: number;
  readonly last: number;
}

function around(cues: readonly Match[], { first, last }: Span): readonly Match[] {
  if (cues.length <= FEW) return cues;
  return cues.slice(placeOf(cues, first - NEAR), placeOf(cues, last + NEAR));
}

/** How many cues end before a word. */
function placeOf(cues: readonly Match[], token: number): number {
  let low = 0;
  let high = cues.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cues[middle]!.last < token) low = middle + 1;
    else high = middle;
  }
  return low;
}
