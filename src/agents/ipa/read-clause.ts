import type { IntentAlternative } from '../../contracts/intent.ts';
import { assertNever } from '../../kernel/errors.ts';
import { nearest } from '../../kernel/suggest.ts';
import { commandsFor } from './alternatives.ts';
import { CONFIDENCE } from './confidence.ts';
import { DIRECTION_BY_WORD } from './directions.ts';
import { readEmotion, type EmotionReading } from './emotion.ts';
import { afterFillers } from './fillers.ts';
import { SINGLE_WORD_VERBS, verbsAt, type Verb } from './lexicon.ts';
import { parseComplement } from './phrases.ts';
import { readMove, towards } from './read-move.ts';
import { readPerson, readThing } from './read-thing.ts';
import type { Reading, Sight } from './reading.ts';
import { entityOf, resolvePhrase } from './resolve-entities.ts';
import { tokenize, wordsOf, type Token } from './tokens.ts';

const QUESTION_WORDS = /^(what|when|where|which|whatever|why|whose|that|this|they|them|then|there|with)$/;
/** Words of courtesy after a command. */
const TRAILING = new Set(['please', 'thanks', 'now', 'again', 'too', 'instead']);
const SPEAKER = new Set(['i', "i'm", 'im', "i've", 'my', 'feeling']);

/** One clause as one action; what cannot be understood is `unknown`, with guesses as alternatives. */
export function readClause(clause: readonly Token[], sight: Sight, source: string): Reading {
  const tokens = withoutTrailing(clause);
  const text = source.slice(tokens[0]?.start ?? 0, tokens.at(-1)?.end ?? 0);
  const start = afterFillers(tokens, 0);
  const first = tokens[start];
  const bareWay =
    first === undefined || start !== tokens.length - 1 ? undefined : DIRECTION_BY_WORD.get(first.word);
  if (first !== undefined && bareWay !== undefined && start === 0) return towards(bareWay, text, [first]);
  if (isAgainstOneself(tokens, start)) return feeling(tokens, { emotion: undefined, token: undefined }, text);
  const emotion = readEmotion(tokens);
  const command = readCommand(tokens, start, sight, text);
  if (command !== null && emotion !== null && prefersEmotion(command, emotion, tokens))
    return feeling(tokens, emotion, text);
  if (command !== null) return withEmotion(command, emotion);
  if (emotion !== null) return feeling(tokens, emotion, text);
  return unknown(tokens, start, sight, text);
}

function withoutTrailing(tokens: readonly Token[]): readonly Token[] {
  const end = tokens.findLastIndex((token) => !TRAILING.has(token.word)) + 1;
  return end === 0 ? tokens : tokens.slice(0, end);
}

/** "hurt myself" is never played out as a fight: it is heard as a feeling, whatever the safety rules add. */
function isAgainstOneself(tokens: readonly Token[], start: number): boolean {
  const attacks = verbsAt(tokens, start).some((verb) => verb.intent === 'attack');
  return attacks && tokens.slice(start + 1).some((token) => token.word === 'myself' || token.word === 'me');
}

function readCommand(tokens: readonly Token[], start: number, sight: Sight, text: string): Reading | null {
  let best: Reading | null = null;
  // Readings with a thing come first, so that "leave the journal" is no walk towards it.
  const verbs = verbsAt(tokens, start).toSorted(
    (a, b) => Number(b.target === 'thing') - Number(a.target === 'thing'),
  );
  for (const verb of verbs) {
    const reading = readVerb(verb, tokens.slice(start + verb.length), sight, text);
    if (reading !== null && (best === null || reading.action.confidence > best.action.confidence))
      best = reading;
  }
  return best;
}

function readVerb(
  verb: Verb & { phrase: string },
  rest: readonly Token[],
  sight: Sight,
  text: string,
): Reading | null {
  switch (verb.target) {
    case 'none':
      return readWithoutTarget(verb, rest, sight, text);
    case 'direction':
      return readMove(verb.phrase, rest, sight, text);
    case 'person':
      return readPerson(verb.intent, verb.phrase, rest, sight, text);
    case 'thing': {
      const trailing = rest.at(-1)?.word;
      const named = verb.particle !== undefined && trailing === verb.particle ? rest.slice(0, -1) : rest;
      const reading = readThing(verb.intent, named, sight, text);
      const isInSight = reading.action.confidence >= CONFIDENCE.resolvedTarget;
      const mustResolve = verb.onlyInSight === true || (verb.phrase === 'leave' && !isInSight);
      return mustResolve && !isInSight ? null : reading;
    }
    default:
      return assertNever(verb.target, 'verb target');
  }
}

/** "look north" looks; "describe the fountain" is left to the reading that examines it. */
function readWithoutTarget(
  verb: Verb & { phrase: string },
  rest: readonly Token[],
  sight: Sight,
  text: string,
): Reading | null {
  const way = rest.length === 1 ? DIRECTION_BY_WORD.get(rest[0]?.word ?? '') : undefined;
  if (rest.length > 0 && verb.phrase === 'explore') return null;
  if (rest.length > 0 && verb.intent === 'look' && way === undefined) {
    const complement = parseComplement(rest);
    const head = complement.head;
    const named =
      head === null ? undefined : resolvePhrase(head.text, sight.candidates, ['object', 'item', 'npc']).match;
    if (named !== undefined || verb.phrase === 'describe') return readThing('examine', rest, sight, text);
  }
  const span = rest[0];
  return {
    action: {
      intent: verb.intent,
      confidence: CONFIDENCE.completeVerb,
      text,
      ...(way === undefined || verb.intent !== 'look' ? {} : { direction: way }),
      needs_clarification: false,
    },
    entities: way === undefined || span === undefined ? [] : [entityOf('direction', way, span)],
    alternatives: [],
  };
}

/** "I keep feeling anxious" speaks of a feeling although "keep" is a verb of taking. */
function prefersEmotion(command: Reading, emotion: EmotionReading, tokens: readonly Token[]): boolean {
  const isCertain = command.action.confidence >= CONFIDENCE.completeVerb;
  const isSpeech = command.action.intent === 'talk_to' || command.action.intent === 'ask';
  return !isCertain && !isSpeech && emotion.emotion !== undefined && SPEAKER.has(tokens[0]?.word ?? '');
}

function withEmotion(reading: Reading, emotion: EmotionReading | null): Reading {
  if (emotion?.emotion === undefined || emotion.token === undefined) return reading;
  return {
    ...reading,
    action: { ...reading.action, emotion: emotion.emotion },
    entities: [...reading.entities, entityOf('emotion', emotion.emotion, emotion.token)],
  };
}

function feeling(tokens: readonly Token[], emotion: EmotionReading, text: string): Reading {
  const about = parseComplement(tokens).byPreposition.get('about');
  return {
    action: {
      intent: 'express_emotion',
      confidence: emotion.emotion === undefined ? CONFIDENCE.unresolvedTarget : CONFIDENCE.emotion,
      text,
      ...(emotion.emotion === undefined ? {} : { emotion: emotion.emotion }),
      ...(about === undefined ? {} : { topic: about.text }),
      needs_clarification: false,
    },
    entities: [
      ...(emotion.emotion === undefined || emotion.token === undefined
        ? []
        : [entityOf('emotion', emotion.emotion, emotion.token)]),
      ...(about === undefined ? [] : [entityOf('topic', about.text, about)]),
    ],
    alternatives: [],
  };
}

function unknown(tokens: readonly Token[], start: number, sight: Sight, text: string): Reading {
  return {
    action: { intent: 'unknown', confidence: CONFIDENCE.unknown, text, needs_clarification: true },
    entities: [],
    alternatives: guesses(tokens, start, sight),
  };
}

/** A name without a verb, or a verb with a typing error. */
function guesses(tokens: readonly Token[], start: number, sight: Sight): IntentAlternative[] {
  const { match } =
    tokens.length > 4
      ? { match: undefined }
      : resolvePhrase(wordsOf(tokens), sight.candidates, ['object', 'item', 'npc', 'place']);
  if (match !== undefined) {
    const intent = match.type === 'npc' ? 'talk_to' : match.type === 'place' ? 'move' : 'examine';
    return match.id === sight.view?.location.id ? [] : commandsFor(intent, [match], CONFIDENCE.unknown);
  }
  const first = tokens[start];
  if (first === undefined || first.word.length < 4 || QUESTION_WORDS.test(first.word)) return [];
  const verb = nearest(first.word, SINGLE_WORD_VERBS.keys());
  if (verb === undefined || verb === first.word) return [];
  const corrected = [verb, ...tokens.slice(start + 1).map((token) => token.word)].join(' ');
  const reading = readCommand(tokenize(corrected), 0, sight, corrected);
  if (reading === null || reading.action.needs_clarification) return [];
  return [{ intent: reading.action.intent, confidence: CONFIDENCE.unknown, text: corrected }];
}
