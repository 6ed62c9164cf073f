import type { IntentAction, IntentEntity } from '../../contracts/intent.ts';
import { CONFIDENCE } from './confidence.ts';
import { DIRECTION_BY_WORD } from './directions.ts';
import { EMOTION_BY_STATE } from './emotion-words.ts';
import { startOf } from './frames.ts';
import type { ModelAction } from './model-form.ts';
import { isNegated } from './negation.ts';
import { phraseOf } from './phrases.ts';
import type { Reading, Sight } from './reading.ts';
import { entityOf, resolvePhrase, type ThingType } from './resolve-entities.ts';
import type { Token } from './tokens.ts';
import { findWords, type Run } from './words-in-text.ts';

/** A model's reading of some words of the line. */
export interface ModelReadingOfWords extends Reading {
  readonly run: Run;
}

interface Named {
  readonly fields: Partial<IntentAction>;
  readonly entities: readonly IntentEntity[];
  readonly isResolved: boolean;
}

const SLOTS = {
  object: { types: ['object', 'item'], ref: 'object_ref', entity: 'object' },
  npc: { types: ['npc'], ref: 'npc_ref', entity: 'npc' },
  instrument: { types: ['item', 'object'], ref: 'instrument_ref', entity: 'item' },
  place: { types: ['place'], ref: 'place_ref', entity: 'place' },
} as const satisfies Record<
  string,
  { types: readonly ThingType[]; ref: keyof IntentAction; entity: ThingType }
>;

/**
 * What of a model's answer may count. An action stays only when its quote stands in the player's text, is not inside
 * quotation marks, is not denied there, and is no part of an earlier quote. A name stays only when it stands in the
 * text or belongs to something in sight; a feeling only when the text does not deny it.
 */
export function acceptedReadings(
  actions: readonly ModelAction[],
  tokens: readonly Token[],
  sight: Sight,
  text: string,
): ModelReadingOfWords[] {
  const accepted: ModelReadingOfWords[] = [];
  for (const action of actions) {
    const run = freeRun(tokens, action.quote, accepted);
    if (run === null || !isMeant(action, tokens, run)) continue;
    accepted.push(readingOf(action, tokens, run, sight, text));
  }
  return accepted.toSorted((a, b) => a.run.from - b.run.from);
}

/** Where the quote stands outside of those already accepted. */
function freeRun(
  tokens: readonly Token[],
  quote: string,
  taken: readonly { readonly run: Run }[],
): Run | null {
  let run = findWords(tokens, quote);
  while (run !== null) {
    const { from, to }: Run = run;
    const overlap = taken.find((other) => from < other.run.to && other.run.from < to);
    if (overlap === undefined) return run;
    run = findWords(tokens, quote, { from: overlap.run.to, to: tokens.length });
  }
  return null;
}

function isMeant({ intent }: ModelAction, tokens: readonly Token[], run: Run): boolean {
  const words = tokens.slice(run.from, run.to);
  const isSpeech = intent === 'talk_to' || intent === 'ask';
  if (!isSpeech && words.every((token) => token.isQuoted)) return false;
  if (intent === 'express_emotion') return true;
  return !isNegated(tokens, run.from) && !startOf(words, 0).isDenied;
}

function readingOf(
  model: ModelAction,
  tokens: readonly Token[],
  run: Run,
  sight: Sight,
  text: string,
): ModelReadingOfWords {
  const words = tokens.slice(run.from, run.to);
  const start = words[0]?.start ?? 0;
  const end = words.at(-1)?.end ?? 0;
  const slots = (['object', 'npc', 'instrument', 'place'] as const).flatMap((slot) => {
    const named = nameOf(slot, model[slot], tokens, { start, end }, sight);
    return named === null ? [] : [{ slot, ...named }];
  });
  const direction = directionOf(model, words, sight);
  const topic = phraseAt(tokens, model.topic);
  const emotion = model.emotion ?? undefined;
  const feeling = emotion === undefined || isDeniedFeeling(tokens, emotion) ? undefined : emotion;
  const fields: Partial<IntentAction> = {
    ...(direction === undefined ? {} : { direction }),
    ...(topic === null ? {} : { topic: topic.text }),
    ...(feeling === undefined ? {} : { emotion: feeling }),
    ...Object.assign({}, ...slots.map((slot) => slot.fields)),
  };
  const isComplete = hasTarget(model.intent, fields);
  const isResolved = direction !== undefined || slots.every((slot) => slot.isResolved);
  const ceiling = !isComplete
    ? CONFIDENCE.missingTarget
    : isResolved
      ? CONFIDENCE.completeVerb
      : CONFIDENCE.unresolvedTarget;
  return {
    run,
    action: {
      intent: model.intent,
      confidence: Math.min(model.confidence, ceiling),
      text: text.slice(start, end),
      ...fields,
      needs_clarification: !isComplete,
    },
    entities: [
      ...slots.flatMap((slot) => slot.entities),
      ...(direction === undefined ? [] : [entityOf('direction', direction, { start, end })]),
      ...(topic === null ? [] : [entityOf('topic', topic.text, topic)]),
      ...(feeling === undefined ? [] : [entityOf('emotion', feeling, { start, end })]),
    ],
    alternatives: [],
  };
}

function nameOf(
  slot: keyof typeof SLOTS,
  said: string | null | undefined,
  tokens: readonly Token[],
  quote: { readonly start: number; readonly end: number },
  sight: Sight,
): Named | null {
  if (said === null || said === undefined) return null;
  const { types, ref, entity } = SLOTS[slot];
  const phrase = phraseAt(tokens, said);
  const candidates = sight.candidates.filter((candidate) =>
    (types as readonly ThingType[]).includes(candidate.type),
  );
  const match =
    candidates.find(({ id, name }) => id === said || name === said.toLowerCase()) ??
    (phrase === null ? undefined : resolvePhrase(phrase.text, candidates, types).match);
  if (match === undefined && phrase === null) return null;
  const words = phrase?.text ?? match?.name ?? said;
  return {
    fields: { [slot]: words, ...(match === undefined ? {} : { [ref]: match.id }) },
    entities: [entityOf(match?.type ?? entity, words, phrase ?? quote, match?.id)],
    isResolved: match !== undefined,
  };
}

function phraseAt(tokens: readonly Token[], said: string | null | undefined): ReturnType<typeof phraseOf> {
  const run = said === null || said === undefined ? null : findWords(tokens, said);
  return run === null ? null : phraseOf(tokens.slice(run.from, run.to));
}

/** A way that the words name, or one that leads out of here. */
function directionOf(model: ModelAction, words: readonly Token[], sight: Sight): IntentAction['direction'] {
  const direction = model.direction ?? undefined;
  const isSaid = words.some(({ word }) => DIRECTION_BY_WORD.get(word) === direction);
  const isOpen = sight.view?.location.exits.some((exit) => exit.direction === direction) ?? false;
  return isSaid || isOpen ? direction : undefined;
}

function isDeniedFeeling(tokens: readonly Token[], emotion: string): boolean {
  const named = tokens.flatMap(({ word }, at) => (EMOTION_BY_STATE.get(word) === emotion ? [at] : []));
  return named.length > 0 && named.every((at) => isNegated(tokens, at));
}

function hasTarget(intent: IntentAction['intent'], fields: Partial<IntentAction>): boolean {
  switch (intent) {
    case 'examine':
    case 'take':
    case 'drop':
    case 'use':
    case 'open':
    case 'close':
    case 'attack':
      return (fields.object ?? fields.npc ?? fields.place) !== undefined;
    case 'give':
      return fields.object !== undefined && fields.npc !== undefined;
    case 'talk_to':
    case 'ask':
      return fields.npc !== undefined;
    case 'move':
      return (fields.direction ?? fields.place) !== undefined;
    default:
      return true;
  }
}
