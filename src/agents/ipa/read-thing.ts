import type { Intent, IntentAction } from '../../contracts/intent.ts';
import { commandsFor } from './alternatives.ts';
import { CONFIDENCE } from './confidence.ts';
import { isEverywhere, mentionedBy } from './mentioned.ts';
import { instrument as tool, object, person, place } from './parts.ts';
import { parseComplement, withoutRemark, type Complement, type Phrase } from './phrases.ts';
import { readGive } from './read-give.ts';
import {
  confidenceOf,
  isUnclear,
  readTarget,
  targetEntity,
  type Reading,
  type Sight,
  type Target,
} from './reading.ts';
import type { Candidate, ThingType } from './resolve-entities.ts';
import { nameWords } from '../../sessions/world/names.ts';
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
const ANY: readonly (readonly ThingType[])[] = [['object', 'item', 'npc'], ['place']];
const NOTHING = /^(nothing|none|no one|nobody)\b/;
const EVERYTHING = /^(everything|all|it all|all of it|everything (here|there|around me))$/;
const ONESELF = /^(me|myself|yourself|us|ourselves)$/;

/** Verbs that need a thing: "take the journal", "attack the goblin with my sword", "give it to the elder". */
export function readThing(intent: Intent, rest: readonly Token[], sight: Sight, text: string): Reading {
  const complement = parseComplement(withoutRemark(rest));
  const aimed =
    intent === 'attack' && complement.head !== null ? complement.byPreposition.get('at') : undefined;
  const phrase = aimed ?? complement.head ?? firstOther(complement);
  if (phrase !== null && NOTHING.test(phrase.text)) return plain('wait', text);
  if (intent === 'give') return readGive(complement, sight, text);
  if (phrase === null) return missing(intent, sight, text);
  if (intent === 'examine' && ONESELF.test(phrase.text)) return plain('status', text);
  if (intent === 'examine' && EVERYTHING.test(phrase.text)) return plain('look', text);
  const named = withoutMisnamed(readTarget(phrase, sight, TYPES[intent] ?? ANY), intent);
  const target = intent === 'examine' ? orMentioned(named, sight) : named;
  if (target.words === null) return missing(intent, sight, text);
  if (target.match === undefined && isGrounding(intent, target, text) && sight.view !== null) {
    const reading = plain('rest', text);
    return { ...reading, action: { ...reading.action, object: target.words } };
  }
  const instrument =
    aimed !== undefined && complement.head !== null
      ? readTarget(complement.head, sight, [['item'], ['object']])
      : intent === 'examine' || phrase !== complement.head
        ? undefined
        : instrumentOf(complement, sight);
  const isPerson = target.match === undefined ? intent === 'attack' : target.match.type === 'npc';
  return {
    action: {
      intent,
      confidence: confidenceOf(target),
      text,
      ...namedAs(target, isPerson),
      ...(instrument === undefined ? {} : tool(instrument)),
      needs_clarification: isUnclear(target),
    },
    entities: [
      ...targetEntity(target, isPerson ? 'npc' : 'object'),
      ...(instrument === undefined ? [] : targetEntity(instrument, 'item')),
    ],
    alternatives: commandsFor(
      intent,
      target.ambiguous,
      CONFIDENCE.ambiguousTarget,
      instrument?.words ? ` with the ${instrument.words}` : '',
    ),
  };
}

/** "pick mushrooms" picks no mushroom gatherer: what is handled must be named by its own noun. */
function withoutMisnamed(target: Target, intent: Intent): Target {
  const { match, phrase } = target;
  if (match?.type !== 'npc' || !/^(take|drop|use|open|close)$/.test(intent) || target.words !== phrase.text)
    return target;
  const noun = nameWords(phrase.text).at(-1);
  const isNamed = [match.name, ...match.aliases].some((name) => nameWords(name).at(-1) === noun);
  return isNamed ? target : { ...target, match: undefined };
}

/** To feel what is everywhere, or to look at it, is to come to rest. */
const FELT = /\b(feel|touch|sense)\b/;

function isGrounding(intent: Intent, { words }: Target, text: string): boolean {
  const isFelt = intent === 'examine' || (intent === 'use' && FELT.test(text.toLowerCase()));
  return isFelt && isEverywhere(words ?? '');
}

/** What has no name of its own here may be part of something that has. */
function orMentioned(target: Target, sight: Sight): Target {
  if (target.words === null || target.match !== undefined || target.ambiguous.length > 0) return target;
  return { ...target, match: mentionedBy(target.words, sight.view) };
}

function namedAs(target: Target, isPerson: boolean): Partial<IntentAction> {
  if (isPerson) return person(target);
  return target.match?.type === 'place' ? place(target) : object(target);
}

/** An action that needs nothing else. */
export function plain(intent: Intent, text: string): Reading {
  return {
    action: { intent, confidence: CONFIDENCE.completeVerb, text, needs_clarification: false },
    entities: [],
    alternatives: [],
  };
}

function missing(intent: Intent, sight: Sight, text: string): Reading {
  const types = (TYPES[intent] ?? ANY)[0] ?? [];
  const things = sight.candidates.filter(
    (candidate) => types.includes(candidate.type) && (intent !== 'take' || isPortable(candidate, sight)),
  );
  return {
    action: { intent, confidence: CONFIDENCE.missingTarget, text, needs_clarification: true },
    entities: [],
    alternatives: commandsFor(intent, things, CONFIDENCE.missingTarget),
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
