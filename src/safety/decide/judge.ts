import type { Modifier, SafetyContext } from '../../contracts/safety.ts';
import type { TypedPhrase } from '../../../config/safety-data.ts';
import { WORD } from '../lexicon/word-flags.ts';
import { UNMISTAKABLE, type TextReading } from '../read-text.ts';
import { READ } from '../resolve-word.ts';
import { Cues } from './cues.ts';
import type { Match } from './scan.ts';
import { subjectOf } from './subject.ts';
import { isNegated, isPast } from './time-and-negation.ts';

/** Distress that is no crisis. Everything else that a phrase may claim is a crisis type. */
export const DISTRESS = ['sadness', 'panic', 'hopelessness'] as const;
const DISTRESS_SET: ReadonlySet<string> = new Set(DISTRESS);
export const MEDICAL_REQUEST = 'medical_request';
export const INAPPROPRIATE = 'inappropriate';

/** What became of a claim. Only `affirmed` may be a crisis; `excused` claims leave a trace in the audit alone. */
export type Verdict = 'affirmed' | 'negated' | 'past' | 'third_person' | 'excused';

export interface Judged {
  readonly match: Match;
  readonly phrase: TypedPhrase;
  readonly verdict: Verdict;
  /** Why, where the verdict is not `affirmed`. */
  readonly reason?: Modifier;
  readonly modifiers: readonly Modifier[];
}

/**
 * Decides for every claim of a text what it is: the speaker's own, present, meant in earnest, or something else.
 *
 * Source: spec, safety 4.2; the scheme is ConText's: trigger, scope, termination
 */
export function judge(
  reading: TextReading,
  matches: readonly Match[],
  context: SafetyContext,
  stage: 'input' | 'output',
): { readonly judged: Judged[]; readonly cues: Cues } {
  const cues = new Cues(reading, matches);
  const isNamedFigure = namedFigures(reading, context.entities ?? []);
  const judged: Judged[] = [];
  const affirmed = matches.length > MOST_OF_A_PHRASE ? new Map<TypedPhrase, number>() : null;
  for (const match of matches) {
    if (match.meaning.kind !== 'claim') continue;
    const { phrase } = match.meaning;
    if ((affirmed?.get(phrase) ?? 0) > MOST_OF_A_PHRASE) continue;
    const spelling = spellingOf(match, reading);
    if (spelling === null) continue;
    const one = judgeOne({ match, phrase, cues, context, stage, isNamedFigure });
    if (one === null) continue;
    if (one.verdict === 'affirmed') affirmed?.set(phrase, (affirmed.get(phrase) ?? 0) + 1);
    judged.push({ match, phrase, ...one, modifiers: [...one.modifiers, ...spelling] });
  }
  return { judged, cues };
}

/** A phrase that was affirmed more often than findings are told says nothing new. */
const MOST_OF_A_PHRASE = 100;

/** A person who was named this many words before may be meant by "him". */
const TARGET_REACH = 14;

const QUESTION_WORDS: ReadonlySet<string> = new Set(['what', 'whats', 'explain', 'how', 'why', 'define']);

interface Claim {
  readonly match: Match;
  readonly phrase: TypedPhrase;
  readonly cues: Cues;
  readonly context: SafetyContext;
  readonly stage: 'input' | 'output';
  readonly isNamedFigure: (token: number) => boolean;
}

type Decision = Pick<Judged, 'verdict' | 'reason' | 'modifiers'>;

/** Null: the phrase asks for something that is not there. */
function judgeOne(claim: Claim): Decision | null {
  const { match, phrase, cues, stage, isNamedFigure } = claim;
  const breaks = cues.has('frame_breakers');
  if (!cues.has('hard_breakers') && isIdiom(match, cues)) return excused('idiom');
  let subject = subjectOf(match, phrase.type, cues, isNamedFigure);
  if (phrase.needs === 'actor' && subject !== 'other_person') {
    return subject === 'figure' && !breaks ? excused('fiction') : null;
  }
  if (phrase.needs === 'real_target' && !hasTarget(match, cues)) return null;
  if (phrase.needs === 'clause_end' && !endsClause(match, cues)) return null;
  if (phrase.type === 'violence' && hasFigureTarget(claim)) return excused('fiction');

  if (stage === 'output' && cues.reading.tokens.quoted[match.first] === 1) {
    return { verdict: 'third_person', reason: 'quoted', modifiers: ['quoted'] };
  }
  const quote = quotation(match, cues, subject);
  if (quote !== null) return quote;
  if (isFiction(claim, subject, breaks)) return excused('fiction');
  if (isAcademic(claim, subject)) return excused('hypothetical');
  const isVictim = (phrase.needs === 'actor' || phrase.type === 'abuse') && isAboutSpeaker(match, cues);
  if (subject === 'other_person' && !isVictim && !cues.has('self_correction')) {
    return { verdict: 'third_person', reason: 'third_person', modifiers: ['third_person'] };
  }
  if (subject === 'people' && isVictim && isNobody(match.first - 1, cues)) {
    return { verdict: 'negated', reason: 'negated', modifiers: ['negated'] };
  }
  if (
    subject === 'people' &&
    !isVictim &&
    !isOwnStatement(match, phrase, cues) &&
    !cues.has('self_correction')
  ) {
    if (phrase.type !== 'violence')
      return { verdict: 'third_person', reason: 'third_person', modifiers: ['third_person'] };
    subject = 'speaker';
  }
  if (subject === 'addressee' && !isVictim && phrase.type !== 'violence' && !phrase.self) {
    return DISTRESS_SET.has(phrase.type)
      ? null
      : { verdict: 'third_person', reason: 'third_person', modifiers: ['third_person'] };
  }
  if (!cues.has('self_correction') && isNegated(match, cues))
    return { verdict: 'negated', reason: 'negated', modifiers: ['negated'] };
  if (isPast(match, cues)) return { verdict: 'past', reason: 'past', modifiers: ['past'] };
  return { verdict: 'affirmed', modifiers: cues.has('hedges') ? ['hedged'] : [] };
}

/** "Everyone would be happier if I died": who names the speaker speaks of the speaker, whoever was named before. */
function isOwnStatement({ first, last }: Match, { self }: TypedPhrase, { reading }: Cues): boolean {
  if (!self) return false;
  for (let i = first; i <= last; i++) if ((reading.flags(i) & WORD.thirdReflexive) !== 0) return false;
  return true;
}

const NOBODY: ReadonlySet<string> = new Set(['nobody', 'noone', 'none']);

function isNobody(token: number, { reading: { tokens } }: Cues): boolean {
  if (token < 0) return false;
  const word = tokens.word(token);
  return NOBODY.has(word) || (word === 'one' && token > 0 && tokens.word(token - 1) === 'no');
}

function excused(reason: Modifier): Decision {
  return { verdict: 'excused', reason, modifiers: [reason] };
}

/** A fixed expression that only meets a claim must be this much longer to decide what the words mean. */
const LONGER = 2;
/** A longer expression may leave the last word of a claim out: the claim reached for one word too many. */
const FIXED = 3;

/** A fixed expression covers the claim, or meets it and is clearly the longer one. */
function isIdiom(match: Match, cues: Cues): boolean {
  const { first, last } = match;
  const length = last - first;
  return cues.idiomsNear(match).some((idiom) => {
    const own = idiom.last - idiom.first;
    if (idiom.first > last || idiom.last < first) return false;
    if (idiom.first <= first && idiom.last >= last) return true;
    return own >= length + LONGER || (own >= FIXED && idiom.first <= first && idiom.last === last - 1);
  });
}

/** What may follow a statement that is complete: no object of its verb. */
function endsClause({ last }: Match, cues: Cues): boolean {
  const { tokens } = cues.reading;
  const next = last + 1;
  if (next >= tokens.count || tokens.clauses[next] !== tokens.clauses[last]) return true;
  return cues.all('clause_openers').some((cue) => cue.first === next);
}

const WHOSE: ReadonlySet<string> = new Set(['my', 'our', 'mine']);

/** Whether the speaker stands in the sentence as a person, not only as the owner of something. */
function isAboutSpeaker(match: Match, { reading }: Cues): boolean {
  const { sentences, count } = reading.tokens;
  let i = match.first;
  while (i > 0 && sentences[i - 1] === sentences[match.first] && match.first - i < TARGET_REACH) i--;
  const end = Math.min(count, match.last + TARGET_REACH);
  for (; i < end && sentences[i] === sentences[match.first]; i++) {
    if ((reading.flags(i) & WORD.first) !== 0 && !WHOSE.has(reading.tokens.word(i))) return true;
  }
  return false;
}

function hasTarget(match: Match, cues: Cues): boolean {
  const { first, last } = match;
  if (cues.hasOverlapping('targets', { first, last: last + 4 })) return true;
  return cues.near('targets', match).some((cue) => cue.last < first && first - cue.last <= TARGET_REACH);
}

/** The one who is to suffer belongs to the game. */
function hasFigureTarget({ match, cues, isNamedFigure }: Claim): boolean {
  const { reading } = cues;
  const end = Math.min(match.last + 2, reading.tokens.count - 1);
  for (let i = match.first; i <= end; i++) {
    if (reading.tokens.clauses[i] !== reading.tokens.clauses[match.first] && i > match.last) break;
    if (isNamedFigure(i)) return true;
  }
  return false;
}

function quotation(match: Match, cues: Cues, subject: string): Decision | null {
  const { tokens } = cues.reading;
  if (cues.has('quote_affirmed')) return null;
  const isInQuotes = tokens.quoted[match.first] === 1;
  if (isInQuotes) {
    if (cues.has('quotation') || cues.has('titles')) return excused('quoted');
    const isReported = cues
      .near('reported_speech', match)
      .some((cue) => cue.first < match.first && subjectBefore(cue.first, cues) === 'other');
    if (isReported)
      return { verdict: 'third_person', reason: 'quoted', modifiers: ['quoted', 'third_person'] };
    return null;
  }
  const isTitle = cues
    .near('titles', match)
    .some((cue) => cue.last < match.first && match.first - cue.last <= 3 && sameSentence(cue, match, cues));
  if (isTitle) return excused('quoted');
  const isWork = cues
    .near('quotation', match)
    .some(
      (cue) =>
        cue.last < match.first &&
        sameSentence(cue, match, cues) &&
        !cues.hasFlagBetween(cue.last, match.first, WORD.firstSubject) &&
        subject !== 'speaker' &&
        !(subject === 'other_person' && cues.hasFlagBetween(-1, match.first, WORD.person)),
    );
  return isWork ? excused('quoted') : null;
}

function sameSentence(a: Match, b: Match, cues: Cues): boolean {
  const { sentences } = cues.reading.tokens;
  return sentences[a.first] === sentences[b.first];
}

function subjectBefore(token: number, { reading }: Cues): 'speaker' | 'other' {
  for (let i = token; i >= 0 && token - i < 6; i--) {
    const flags = reading.flags(i);
    if ((flags & WORD.firstSubject) !== 0) return 'speaker';
    if ((flags & (WORD.thirdPronoun | WORD.person | WORD.entity)) !== 0) return 'other';
  }
  return 'other';
}

/** A reflexive statement of the speaker wins over any word of the game; who breaks the frame is not playing. */
function isFiction({ match, phrase, cues, context }: Claim, subject: string, breaks: boolean): boolean {
  if (breaks) return false;
  if (subject === 'figure') return true;
  if (phrase.self) return false;
  if (phrase.type === 'suicidal_ideation' || phrase.type === 'self_harm') {
    if (subject === 'other_person') return cues.gameWordsBeside(match);
    const isOwn = subject === 'speaker' && phrase.tier !== 'direct';
    return cues.gameWordsBeside(match, isOwn ? WORD.game | WORD.entity : WORD.game);
  }
  if (cues.gameWordsBeside(match, WORD.entity | WORD.game, DISTRESS_SET.has(phrase.type))) return true;
  return phrase.type === 'violence' && context.mode === 'in_character';
}

/** A subject of study, not of a life: unless the speaker is named as the one it happens to. */
function isAcademic({ match, phrase, cues }: Claim, subject: string): boolean {
  if (phrase.self || !cues.has('academic')) return false;
  if (phrase.topic) return cues.hasInSentence('academic', match) || subject !== 'speaker';
  if (subject === 'speaker') return false;
  // "What is the point of living" asks for no definition.
  const isStudy = (cue: Match): boolean =>
    sameSentence(cue, match, cues) &&
    (subject !== 'unsaid' || !QUESTION_WORDS.has(cues.reading.tokens.word(cue.first)));
  return cues.near('academic', match).some(isStudy);
}

/** The modifiers that a spelling brings, or null when too little of the phrase was recognised to be believed. */
function spellingOf({ first, last }: Match, reading: TextReading): Modifier[] | null {
  let fuzzy = 0;
  let how = 0;
  let isUnmistakable = false;
  for (let i = first; i <= last; i++) {
    how |= reading.how[i]!;
    if ((reading.how[i]! & READ.fuzzy) === 0) continue;
    fuzzy++;
    if (reading.tokens.lengths[i]! >= UNMISTAKABLE) isUnmistakable = true;
  }
  if (fuzzy > 0 && !isUnmistakable && last === first) return null;
  const modifiers: Modifier[] = [];
  if ((how & READ.deobfuscated) !== 0) modifiers.push('deobfuscated');
  if (fuzzy > 0) modifiers.push('fuzzy');
  return modifiers;
}

export function namedFigures(reading: TextReading, entities: readonly string[]): (token: number) => boolean {
  if (entities.length === 0) return () => false;
  const names = new Set(
    entities.flatMap((name) =>
      name
        .toLowerCase()
        .split(/[^\p{L}\p{N}]+/u)
        .filter((part) => part.length > 2),
    ),
  );
  return (token) => names.has(reading.tokens.word(token));
}
