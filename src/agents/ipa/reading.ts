import type { IntentAction, IntentAlternative, IntentEntity } from '../../contracts/intent.ts';
import type { WorldView } from '../../contracts/world-view.ts';
import { CONFIDENCE } from './confidence.ts';
import type { Phrase } from './phrases.ts';
import { pronounOf, type Pronoun } from '../../sessions/world/pronouns.ts';
import { isTypingErrorOf } from './typing-error.ts';
import { entityOf, resolvePhrase, type Candidate, type ThingType } from './resolve-entities.ts';

/** What was spoken of last, as id or in words: "it" means the thing, "him" the person. */
export interface Last {
  readonly thing: string | null;
  readonly person: string | null;
}

/** What the parser may look at besides the words. */
export interface Sight {
  readonly view: WorldView | null;
  readonly candidates: readonly Candidate[];
  readonly last: Last;
}

/** One clause understood: the action, what it refers to, and what else it could have meant. */
export interface Reading {
  readonly action: IntentAction;
  readonly entities: readonly IntentEntity[];
  readonly alternatives: readonly IntentAlternative[];
}

/** A phrase with what it stands for. `words` is null when a pronoun points at nothing. */
export interface Target {
  readonly words: string | null;
  readonly phrase: Phrase;
  readonly match: Candidate | undefined;
  readonly ambiguous: readonly Candidate[];
}

const PERSONAL = new Set(['him', 'her', 'them', 'he', 'she', 'they', 'you']);
const IMPERSONAL = new Set(['it', 'this', 'that', 'one', 'them', 'these', 'those']);
const NOBODY_NAMED = new Set(
  'someone somebody anyone anybody everyone everybody people something anything me us myself both thing things stuff first second other'.split(
    ' ',
  ),
);

/** "whoever is here", "what I dropped", "the first one" describe, and name nothing. */
const NO_NAME =
  /^((what|whatever|whoever|whichever)\b|(someone|anyone|somebody|anybody|people|everyone) (here|around|there)$|(first|second|last|other) (one|thing)$)/;

/** What a phrase means here; the first of the type groups that has a match decides. */
export function readTarget(
  phrase: Phrase,
  sight: Sight,
  typeGroups: readonly (readonly ThingType[])[],
): Target {
  const isPersonal = PERSONAL.has(phrase.text);
  if (isPersonal || IMPERSONAL.has(phrase.text)) {
    const asksForPerson = typeGroups[0]?.every((type) => type === 'npc') === true;
    return readPronoun(phrase, sight, isPersonal, asksForPerson);
  }
  if (NOBODY_NAMED.has(phrase.text) || NO_NAME.test(phrase.text))
    return { words: null, phrase, match: undefined, ambiguous: [] };
  for (const types of typeGroups) {
    const { match, ambiguous } = resolvePhrase(phrase.text, sight.candidates, types);
    if (match !== undefined || ambiguous.length > 0) return { words: phrase.text, phrase, match, ambiguous };
  }
  // "the red one"
  if (/ ones?$/.test(phrase.text)) {
    const shorter = { ...phrase, text: phrase.text.replace(/ ones?$/, '') };
    return { ...readTarget(shorter, sight, typeGroups), phrase };
  }
  const meant = sight.candidates.filter(
    (candidate) => typeGroups.flat().includes(candidate.type) && isMistyped(phrase, candidate),
  );
  return { words: phrase.text, phrase, match: meant.length === 1 ? meant[0] : undefined, ambiguous: [] };
}

/** "fountian": the last word of the phrase is that of a name but for a slip of the fingers. */
function isMistyped({ tokens }: Phrase, { name, aliases }: Candidate): boolean {
  const typed = tokens.at(-1)?.word ?? '';
  return [name, ...aliases].some((one) => isTypingErrorOf(typed, one.split(' ').at(-1) ?? ''));
}

export function isPronoun(phrase: Phrase): boolean {
  return PERSONAL.has(phrase.text) || IMPERSONAL.has(phrase.text);
}

/** "them" may be things: "take the books and read them". */
function readPronoun(phrase: Phrase, sight: Sight, isPersonal: boolean, asksForPerson: boolean): Target {
  const { person, thing } = sight.last;
  const meant = isPersonal ? personMeant(phrase.text, sight, asksForPerson) : undefined;
  if (meant === 'unclear') return { words: null, phrase, match: undefined, ambiguous: [] };
  if (meant !== undefined) return { words: meant.name, phrase, match: meant, ambiguous: [] };
  const last = isPersonal
    ? (person ?? (phrase.text === 'them' ? thing : null) ?? onlyPerson(phrase, sight))
    : (thing ?? animalOf(person, sight));
  if (last === null) return { words: null, phrase, match: undefined, ambiguous: [] };
  const match =
    sight.candidates.find((candidate) => candidate.id === last) ??
    resolvePhrase(last.replaceAll('_', ' '), sight.candidates, ['object', 'item', 'npc', 'place']).match;
  return { words: match?.name ?? last.replaceAll('_', ' '), phrase, match, ambiguous: [] };
}

/** "her", before anybody was spoken of, is the one person here. */
function onlyPerson({ text }: Phrase, sight: Sight): string | null {
  const people = sight.candidates.filter(({ type }) => type === 'npc');
  return people.length === 1 && /^(him|her|he|she)$/.test(text) ? (people[0]?.id ?? null) : null;
}

const SPOKEN_OF: Readonly<Record<string, Pronoun>> = { him: 'he', he: 'he', her: 'she', she: 'she' };

/**
 * Who in sight "him", "her", "them" or "you" is: whoever was spoken of last unless the pronoun speaks against it, else
 * the only one it can be. Undefined when what was said before decides it, whether or not it is here.
 */
function personMeant(
  word: string,
  { view, candidates, last }: Sight,
  asksForPerson: boolean,
): Candidate | 'unclear' | undefined {
  const pronoun = SPOKEN_OF[word];
  if (view === null || (pronoun === undefined && !asksForPerson)) return undefined;
  const known = (id: string | undefined) => candidates.find((candidate) => candidate.id === id);
  const fitting = view.npcs.filter((npc) => pronoun === undefined || (pronounOf(npc) ?? pronoun) === pronoun);
  const lastOne = view.npcs.find(({ id }) => id === last.person);
  if (lastOne !== undefined && (fitting.includes(lastOne) || fitting.length !== 1)) return known(lastOne.id);
  if (fitting.length === 1) return known(fitting[0]?.id);
  // A name that nothing in sight has may be a thing as well as a person.
  return last.person === null || last.person === last.thing ? 'unclear' : undefined;
}

/** "it" is nobody known by name, but it may be "the goblin". */
function animalOf(person: string | null, sight: Sight): string | null {
  const isKnown = sight.candidates.some(({ id, type }) => id === person && type === 'npc');
  return isKnown ? null : person;
}

/** What the session spoke of last. What is out of sight by now is not meant; without any sight it may be either. */
export function lastOf(lastEntity: string | null, candidates: readonly Candidate[]): Last {
  const known = candidates.find((candidate) => candidate.id === lastEntity);
  if (known === undefined && candidates.length > 0) return { thing: null, person: null };
  if (known === undefined) return { thing: lastEntity, person: lastEntity };
  return known.type === 'npc' ? { thing: null, person: lastEntity } : { thing: lastEntity, person: null };
}

/** What has been spoken of after one more reading. */
export function lastAfter(reading: Reading, last: Last): Last {
  const nameOf = (entity: IntentEntity | undefined) => entity?.ref ?? entity?.value;
  const thing =
    reading.entities.find(({ type }) => type === 'object' || type === 'item') ??
    (reading.action.intent === 'ask' ? reading.entities.find(({ type }) => type === 'topic') : undefined);
  const person = reading.entities.find(({ type }) => type === 'npc');
  return { thing: nameOf(thing) ?? last.thing, person: nameOf(person) ?? last.person };
}

/** The confidence that a verb with this target was understood. */
export function confidenceOf(target: Target): number {
  if (target.words === null) return CONFIDENCE.missingTarget;
  if (target.ambiguous.length > 0) return CONFIDENCE.ambiguousTarget;
  return target.match === undefined ? CONFIDENCE.unresolvedTarget : CONFIDENCE.resolvedTarget;
}

export function isUnclear(target: Target): boolean {
  return target.words === null || target.ambiguous.length > 0;
}

/** The target as an entity of the result; nothing for a pronoun without a meaning. */
export function targetEntity(target: Target, fallback: ThingType): IntentEntity[] {
  if (target.words === null) return [];
  return [entityOf(target.match?.type ?? fallback, target.words, target.phrase, target.match?.id)];
}
