import type { Intent, IntentAction, IntentAlternative, IntentEntity } from '../../contracts/intent.ts';
import { commandsFor } from './alternatives.ts';
import { CONFIDENCE } from './confidence.ts';
import { parseComplement, type Complement, type Phrase } from './phrases.ts';
import {
  confidenceOf,
  isUnclear,
  readTarget,
  targetEntity,
  type Reading,
  type Sight,
  type Target,
} from './reading.ts';
import { entityOf, type Candidate, type ThingType } from './resolve-entities.ts';
import type { Token } from './tokens.ts';

/** Which kinds of things a verb is tried on, best first. */
const TYPES: Readonly<Partial<Record<Intent, readonly (readonly ThingType[])[]>>> = {
  take: [['object'], ['item', 'npc']],
  drop: [['item'], ['object', 'npc']],
  give: [['item'], ['object']],
  use: [['item', 'object'], ['npc']],
  open: [
    ['item', 'object'],
    ['npc', 'place'],
  ],
  close: [
    ['item', 'object'],
    ['npc', 'place'],
  ],
  attack: [['npc'], ['object', 'item']],
  examine: [['object', 'item', 'npc'], ['place']],
};
const CLAUSE_STARTS = new Set("i i'm im i've that why how if whether what where when who we".split(' '));
const ANY: readonly (readonly ThingType[])[] = [['object', 'item', 'npc'], ['place']];

/** Verbs that need a thing: "take the journal", "attack the goblin with my sword", "give it to the elder". */
export function readThing(intent: Intent, rest: readonly Token[], sight: Sight, text: string): Reading {
  const complement = parseComplement(rest);
  if (intent === 'give') return readGive(complement, sight, text);
  const phrase = complement.head ?? firstOther(complement);
  if (phrase === null) return missing(intent, sight, text);
  const target = readTarget(phrase, sight, TYPES[intent] ?? ANY);
  if (target.words === null) return missing(intent, sight, text);
  const instrument =
    intent === 'examine' || phrase !== complement.head ? undefined : instrumentOf(complement, sight);
  const isPerson = target.match === undefined ? intent === 'attack' : target.match.type === 'npc';
  return {
    action: {
      intent,
      confidence: confidenceOf(target),
      text,
      ...(isPerson ? person(target) : target.match?.type === 'place' ? place(target) : object(target)),
      ...(instrument?.words ? { instrument: instrument.words } : {}),
      ...(instrument?.match === undefined ? {} : { instrument_ref: instrument.match.id }),
      needs_clarification: isUnclear(target),
    },
    entities: [
      ...targetEntity(target, isPerson ? 'npc' : 'object'),
      ...(instrument === undefined ? [] : targetEntity(instrument, 'item')),
    ],
    alternatives: commandsFor(intent, target.ambiguous),
  };
}

/** "give the journal to the elder", "give the elder the journal", "give the journal" with one person near. */
function readGive(complement: Complement, sight: Sight, text: string): Reading {
  const [first, second] = complement.headParts;
  const dative = complement.byPreposition.get('to');
  const objectPhrase = dative === undefined && second !== undefined ? second : (complement.head ?? null);
  if (objectPhrase === null) return missing('give', sight, text);
  const thing = readTarget(objectPhrase, sight, TYPES.give ?? ANY);
  if (thing.words === null) return missing('give', sight, text);
  const receiverPhrase = dative ?? (second === undefined ? undefined : first);
  const people = sight.candidates.filter((candidate) => candidate.type === 'npc');
  const receiver =
    receiverPhrase === undefined ? undefined : readTarget(receiverPhrase, sight, [['npc'], ['object']]);
  const inferred = receiver === undefined && people.length === 1 ? people[0] : undefined;
  const isMissing = (receiver === undefined || receiver.words === null) && inferred === undefined;
  const confidence = isMissing
    ? CONFIDENCE.missingTarget
    : Math.min(
        confidenceOf(thing),
        receiver === undefined ? CONFIDENCE.inferredTarget : confidenceOf(receiver),
      );
  const names = isMissing && thing.match !== undefined ? people.map((one) => giveTo(thing, one)) : [];
  return {
    action: {
      intent: 'give',
      confidence,
      text,
      ...object(thing),
      ...(receiver === undefined ? {} : person(receiver)),
      ...(inferred === undefined ? {} : { npc: inferred.name, npc_ref: inferred.id }),
      needs_clarification: isMissing || isUnclear(thing) || (receiver !== undefined && isUnclear(receiver)),
    },
    entities: [
      ...targetEntity(thing, 'item'),
      ...(receiver === undefined ? [] : targetEntity(receiver, 'npc')),
    ],
    alternatives: [...names, ...commandsFor('give', thing.ambiguous)].slice(0, 3),
  };
}

/** Verbs that need a person: "talk to the elder about my fears", "ask the guard about …", "greet them". */
export function readPerson(
  intent: Intent,
  verbPhrase: string,
  rest: readonly Token[],
  sight: Sight,
  text: string,
): Reading {
  const complement = parseComplement(rest);
  const about =
    complement.byPreposition.get('about') ??
    (intent === 'ask' ? complement.byPreposition.get('for') : undefined);
  const asksTopicOnly = verbPhrase === 'ask about' || verbPhrase === 'ask for';
  const phrase = asksTopicOnly
    ? null
    : (complement.head ?? complement.byPreposition.get('to') ?? complement.byPreposition.get('with') ?? null);
  const { target, remainder } =
    phrase === null ? { target: null, remainder: null } : splitPerson(phrase, sight);
  const topic = asksTopicOnly ? complement.head : (about ?? remainder);
  const topicPart = topic === null ? {} : { topic: topic.text };
  const topicEntity: IntentEntity[] = topic === null ? [] : [entityOf('topic', topic.text, topic)];
  if (target === null || target.words === null) {
    const people = sight.candidates.filter((candidate) => candidate.type === 'npc');
    const only = people.length === 1 ? people[0] : undefined;
    return {
      action: {
        intent,
        confidence: only === undefined ? CONFIDENCE.missingTarget : CONFIDENCE.inferredTarget,
        text,
        ...(only === undefined ? {} : { npc: only.name, npc_ref: only.id }),
        ...topicPart,
        needs_clarification: only === undefined,
      },
      entities: topicEntity,
      alternatives: only === undefined ? commandsFor('talk_to', people, CONFIDENCE.missingTarget) : [],
    };
  }
  return {
    action: {
      intent,
      confidence: confidenceOf(target),
      text,
      ...person(target),
      ...topicPart,
      needs_clarification: isUnclear(target),
    },
    entities: [...targetEntity(target, 'npc'), ...topicEntity],
    alternatives: commandsFor(intent === 'ask' ? 'ask' : 'talk_to', target.ambiguous),
  };
}

/** "the elder why the stream sings": the shortest beginning that names somebody, and the rest as topic. */
function splitPerson(phrase: Phrase, sight: Sight): { target: Target; remainder: Phrase | null } {
  const whole = readTarget(phrase, sight, [['npc'], ['object', 'item']]);
  const words = phrase.text.split(' ');
  if (words.length === 1) return { target: whole, remainder: null };
  for (let length = 1; length < words.length; length++) {
    const head = words.slice(0, length).join(' ');
    const shorter = readTarget({ ...phrase, text: head, end: phrase.start + head.length }, sight, [['npc']]);
    const rest = words.slice(length).join(' ');
    const isFit = shorter.match !== undefined && shorter.match.id === (whole.match?.id ?? shorter.match.id);
    if (isFit && rest !== '' && !namesPart(shorter.match, words[length] ?? '')) {
      return { target: shorter, remainder: { text: rest, start: phrase.end - rest.length, end: phrase.end } };
    }
  }
  return whole.match === undefined
    ? cutAtClause(phrase, words, sight, whole)
    : { target: whole, remainder: null };
}

/** Nobody of that name is here: "the elder I feel lost" is still the elder and what is said. */
function cutAtClause(
  phrase: Phrase,
  words: readonly string[],
  sight: Sight,
  whole: Target,
): { target: Target; remainder: Phrase | null } {
  const at = words.findIndex((word, i) => i > 0 && CLAUSE_STARTS.has(word));
  if (at === -1) return { target: whole, remainder: null };
  const head = words.slice(0, at).join(' ');
  const rest = words.slice(at).join(' ');
  return {
    target: readTarget({ ...phrase, text: head, end: phrase.start + head.length }, sight, [['npc']]),
    remainder: { text: rest, start: phrase.end - rest.length, end: phrase.end },
  };
}

function namesPart(candidate: Candidate | undefined, word: string): boolean {
  return (
    candidate !== undefined &&
    [candidate.name, ...candidate.aliases].some((name) => name.split(' ').includes(word))
  );
}

function missing(intent: Intent, sight: Sight, text: string): Reading {
  const types = (TYPES[intent] ?? ANY)[0] ?? [];
  const things = sight.candidates.filter(
    (candidate) => types.includes(candidate.type) && (intent !== 'take' || isPortable(candidate, sight)),
  );
  const isGive = intent === 'give';
  return {
    action: { intent, confidence: CONFIDENCE.missingTarget, text, needs_clarification: true },
    entities: [],
    alternatives: isGive ? [] : commandsFor(intent, things, CONFIDENCE.missingTarget),
  };
}

function isPortable(candidate: Candidate, sight: Sight): boolean {
  return sight.view?.objects.some((thing) => thing.id === candidate.id && thing.portable) ?? false;
}

function instrumentOf(complement: Complement, sight: Sight): Target | undefined {
  const phrase = complement.byPreposition.get('with') ?? complement.byPreposition.get('using');
  return phrase === undefined ? undefined : readTarget(phrase, sight, [['item'], ['object']]);
}

function firstOther(complement: Complement): Phrase | null {
  return complement.byPreposition.values().next().value ?? null;
}

function object(target: Target): Partial<IntentAction> {
  return {
    ...(target.words === null ? {} : { object: target.words }),
    ...(target.match === undefined ? {} : { object_ref: target.match.id }),
  };
}

function person(target: Target): Partial<IntentAction> {
  return {
    ...(target.words === null ? {} : { npc: target.words }),
    ...(target.match === undefined ? {} : { npc_ref: target.match.id }),
  };
}

function place(target: Target): Partial<IntentAction> {
  return {
    ...(target.words === null ? {} : { place: target.words }),
    ...(target.match === undefined ? {} : { place_ref: target.match.id }),
  };
}

function giveTo(thing: Target, receiver: Candidate): IntentAlternative {
  return {
    intent: 'give',
    confidence: CONFIDENCE.missingTarget,
    text: `give the ${thing.match?.name ?? thing.words ?? ''} to the ${receiver.name}`,
    ref: receiver.id,
  };
}
