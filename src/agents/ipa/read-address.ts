import { CONFIDENCE } from './confidence.ts';
import { isCommandAt, startOf } from './frames.ts';
import { phraseOf, type Phrase } from './phrases.ts';
import type { Reading, Sight } from './reading.ts';
import { entityOf, resolvePhrase, type Candidate } from './resolve-entities.ts';
import type { Token } from './tokens.ts';

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
  'and',
  'you',
  'now',
]);
const QUESTION =
  /^(what|what's|where|where's|how|how's|why|who|who's|when|which|can|could|would|will|do|did|does|are|is|am|should|have|has|may|tell|teach|explain|help)$/;
/** A name has no more words than this. */
const MAX_NAME_WORDS = 3;

/** "Elder, where is the library?", "what do you sell, merchant?": somebody here is spoken to by name. */
export function readAddress(tokens: readonly Token[], sight: Sight, text: string): Reading | null {
  const start = tokens.findIndex(({ word }) => !GREETING.has(word));
  const opening = tokens.findIndex(({ breakBefore }, at) => at > start && breakBefore === 'comma');
  if (start >= 0 && opening > 0) {
    const spokenTo = namedBy(tokens.slice(start, opening), sight);
    if (spokenTo !== null) return addressTo(spokenTo, tokens.slice(opening), text);
  }
  const closing = tokens.findLastIndex(({ breakBefore }) => breakBefore === 'comma');
  if (closing < 1) return null;
  const said = tokens.slice(0, closing);
  const spokenTo = namedBy(tokens.slice(closing), sight);
  const isCommand = !QUESTION.test(said[0]?.word ?? '') && isCommandAt(said, startOf(said, 0));
  return spokenTo === null || isCommand ? null : addressTo(spokenTo, said, text);
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
