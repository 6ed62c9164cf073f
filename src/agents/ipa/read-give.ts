import type { IntentAlternative } from '../../contracts/intent.ts';
import { commandsFor } from './alternatives.ts';
import { CONFIDENCE } from './confidence.ts';
import { object, person } from './parts.ts';
import { phraseOf, type Complement, type Phrase } from './phrases.ts';
import {
  confidenceOf,
  isUnclear,
  readTarget,
  targetEntity,
  type Reading,
  type Sight,
  type Target,
} from './reading.ts';
import type { Candidate } from './resolve-entities.ts';

const PRONOUN = /^(him|her|them|it|me)$/;

/** "give the journal to the elder", "give the elder the journal", "give the journal" with one person near. */
export function readGive(complement: Complement, sight: Sight, text: string): Reading {
  const { receiver: receiverPhrase, thing: thingPhrase } = partsOf(complement, sight);
  if (thingPhrase === null) return nothingGiven(text);
  const thing = readTarget(thingPhrase, sight, [['item'], ['object']]);
  if (thing.words === null) return nothingGiven(text);
  const people = sight.candidates.filter((candidate) => candidate.type === 'npc');
  const receiver =
    receiverPhrase === null ? undefined : readTarget(receiverPhrase, sight, [['npc'], ['object']]);
  const inferred = receiver === undefined && people.length === 1 ? people[0] : undefined;
  const isMissing = (receiver === undefined || receiver.words === null) && inferred === undefined;
  const confidence = isMissing
    ? CONFIDENCE.missingTarget
    : Math.min(
        confidenceOf(thing),
        receiver === undefined ? CONFIDENCE.inferredTarget : confidenceOf(receiver),
      );
  const names =
    isMissing && thing.match !== undefined ? people.map((one) => giveTo(thing, one.name, one.id)) : [];
  const receivers = receiver?.ambiguous.map((one) => giveTo(thing, one.name, one.id)) ?? [];
  const things = receiver?.words
    ? thing.ambiguous.map((one) => giveThing(one, receiver))
    : commandsFor('give', thing.ambiguous);
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
    alternatives: [...names, ...receivers, ...things].slice(0, 3),
  };
}

function partsOf(complement: Complement, sight: Sight): { receiver: Phrase | null; thing: Phrase | null } {
  const { head, headParts, byPreposition } = complement;
  const dative = byPreposition.get('to') ?? byPreposition.get('for') ?? byPreposition.get('with');
  if (dative !== undefined || head === null) return { receiver: dative ?? null, thing: head };
  const [first, second] = headParts;
  if (first !== undefined && second !== undefined) return { receiver: first, thing: second };
  // "give him bread", "give librarian journal": a pronoun or the longest name of somebody here comes first.
  for (let length = head.tokens.length - 1; length > 0; length--) {
    const start = phraseOf(head.tokens.slice(0, length));
    const rest = phraseOf(head.tokens.slice(length));
    if (start === null || rest === null) continue;
    if (PRONOUN.test(start.text) || readTarget(start, sight, [['npc']]).match !== undefined)
      return { receiver: start, thing: rest };
  }
  return { receiver: null, thing: head };
}

function nothingGiven(text: string): Reading {
  return {
    action: { intent: 'give', confidence: CONFIDENCE.missingTarget, text, needs_clarification: true },
    entities: [],
    alternatives: [],
  };
}

function giveTo(thing: Target, name: string, ref: string): IntentAlternative {
  const text = `give the ${thing.match?.name ?? thing.words ?? ''} to the ${name}`;
  return { intent: 'give', confidence: CONFIDENCE.missingTarget, text, ref };
}

function giveThing(thing: Candidate, receiver: Target): IntentAlternative {
  const text = `give the ${thing.name} to the ${receiver.match?.name ?? receiver.words ?? ''}`;
  return { intent: 'give', confidence: CONFIDENCE.ambiguousTarget, text, ref: thing.id };
}
