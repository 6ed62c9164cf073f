import { CONFIDENCE } from './confidence.ts';
import { isCommandAt, startOf } from './frames.ts';
import { phraseOf, type Phrase } from './phrases.ts';
import type { Reading, Sight } from './reading.ts';
import { entityOf, resolvePhrase, type Candidate } from './resolve-entities.ts';
import { wordsOf, type Token } from './tokens.ts';

const GREETING = new Set([
  'hey',
  'hi',
  'hello',
  'oh',
  'dear',
  'so',
  'well',
  'ok',
  'please',
  'tell',
  'excuse',
  'me',
  'yo',
  'ah',
  'good',
  'day',
  'morning',
  'evening',
  'afternoon',
  'mr',
  'mrs',
  'madam',
  'sir',
  'my',
  'greetings',
  'and',
  'you',
  'now',
]);
const QUESTION =
  /^(what|what's|where|where's|how|how's|why|who|who's|when|which|can|could|would|will|do|did|does|are|is|am|should|have|has|may|tell|teach|explain|help)$/;
/** Said to somebody rather than commanded. */
const OPENS_SPEECH = new RegExp(
  `${QUESTION.source}|^(thank|thanks|hello|hi|hey|good|greetings|sorry|goodbye|bye|farewell|welcome)$`,
);
/** Whoever is there is meant. */
const ANYBODY =
  /^(madam|ma'am|sir|mister|miss|lady|dear|friend|my friend|my dear|dude|buddy|mate|stranger|old friend|good sir|good woman|good man|excuse me)$/;
/** A name has no more words than this. */
const MAX_NAME_WORDS = 3;

/** "Elder, where is the library?", "what do you sell, merchant?": somebody here is spoken to by name. */
export function readAddress(tokens: readonly Token[], sight: Sight, text: string): Reading | null {
  const start = tokens.findIndex(({ word }) => !GREETING.has(word));
  const opening = tokens.findIndex(({ breakBefore }, at) => at > start && breakBefore === 'comma');
  if (start >= 0 && opening > 0) {
    const spokenTo = namedBy(tokens.slice(start, opening), sight);
    if (spokenTo !== null) return addressTo(spokenTo, tokens.slice(opening), text);
    const said = tokens.slice(opening);
    const people = sight.candidates.filter(({ type }) => type === 'npc');
    const phrase = ANYBODY.test(wordsOf(tokens.slice(0, opening)))
      ? phraseOf(tokens.slice(0, opening))
      : null;
    if (
      phrase !== null &&
      people[0] !== undefined &&
      people.length === 1 &&
      QUESTION.test(said[0]?.word ?? '')
    )
      return addressTo({ person: people[0], phrase }, said, text);
  }
  const greeted = greetedByName(tokens, sight);
  if (greeted !== null) return addressTo(greeted, tokens.slice(greeted.length), text);
  const closing = tokens.findLastIndex(({ breakBefore }) => breakBefore === 'comma');
  if (closing < 1) return null;
  const said = tokens.slice(0, closing);
  const spokenTo = namedBy(tokens.slice(closing), sight);
  const isCommand = !OPENS_SPEECH.test(said[0]?.word ?? '') && isCommandAt(said, startOf(said, 0));
  return spokenTo === null || isCommand ? null : addressTo(spokenTo, said, text);
}

/** "the elder is sad" is said of her, not to her. */
const STATES = /^(is|are|am|was|has|have|may|did|does|would|could|will|can|who)$/;

/** "hey merchant what do you have": the longest name behind a greeting, and something said to them. */
function greetedByName(
  tokens: readonly Token[],
  sight: Sight,
): { person: Candidate; phrase: Phrase; length: number } | null {
  const isGreeted = /^(hey|hi|hello|yo|oi|dear|excuse)$/.test(tokens[0]?.word ?? '');
  if (!isGreeted && isCommandAt(tokens, startOf(tokens, 0))) return null;
  const from = isGreeted ? (tokens[0]?.word === 'excuse' ? 2 : 1) : 0;
  for (let length = MAX_NAME_WORDS; length > 0; length--) {
    const end = from + length;
    const opening = tokens[end]?.word ?? '';
    if (!QUESTION.test(opening) || (!isGreeted && STATES.test(opening))) continue;
    const named = namedBy(tokens.slice(from, end), sight);
    if (named !== null) return { ...named, length: end };
  }
  return null;
}

function namedBy(tokens: readonly Token[], sight: Sight): { person: Candidate; phrase: Phrase } | null {
  const phrase = tokens.length === 0 || tokens.length > MAX_NAME_WORDS ? null : phraseOf(tokens);
  if (phrase === null || tokens.some(({ isQuoted }) => isQuoted)) return null;
  const { match } = resolvePhrase(phrase.text, sight.candidates, ['npc']);
  return match === undefined ? null : { person: match, phrase };
}

function addressTo(
  { person, phrase }: { person: Candidate; phrase: Phrase },
  said: readonly Token[],
  text: string,
): Reading {
  const topic = phraseOf(said);
  const isQuestion = QUESTION.test(said[0]?.word ?? '');
  return {
    action: {
      intent: isQuestion ? 'ask' : 'talk_to',
      confidence: CONFIDENCE.resolvedTarget,
      text,
      npc: phrase.text,
      npc_ref: person.id,
      ...(topic === null ? {} : { topic: topic.text }),
      needs_clarification: false,
    },
    entities: [
      entityOf('npc', phrase.text, phrase, person.id),
      ...(topic === null ? [] : [entityOf('topic', topic.text, topic)]),
    ],
    alternatives: [],
  };
}
