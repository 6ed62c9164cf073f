import type { IntentAction, IntentAlternative, IntentEntity } from '../../contracts/intent.ts';
import type { WorldView } from '../../contracts/world-view.ts';
import { CONFIDENCE } from './confidence.ts';
import type { Phrase } from './phrases.ts';
import { entityOf, resolvePhrase, type Candidate, type ThingType } from './resolve-entities.ts';

/** What the parser may look at besides the words. */
export interface Sight {
  readonly view: WorldView | null;
  readonly candidates: readonly Candidate[];
  /** Id or words of what was spoken of last. */
  readonly lastEntity: string | null;
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

const PRONOUNS = new Set(['it', 'him', 'her', 'them', 'he', 'she', 'they', 'this', 'that', 'one']);

/** What a phrase means here; the first of the type groups that has a match decides. */
export function readTarget(
  phrase: Phrase,
  sight: Sight,
  typeGroups: readonly (readonly ThingType[])[],
): Target {
  if (PRONOUNS.has(phrase.text)) return readPronoun(phrase, sight);
  for (const types of typeGroups) {
    const { match, ambiguous } = resolvePhrase(phrase.text, sight.candidates, types);
    if (match !== undefined || ambiguous.length > 0) return { words: phrase.text, phrase, match, ambiguous };
  }
  return { words: phrase.text, phrase, match: undefined, ambiguous: [] };
}

function readPronoun(phrase: Phrase, sight: Sight): Target {
  const last = sight.lastEntity;
  if (last === null) return { words: null, phrase, match: undefined, ambiguous: [] };
  const match =
    sight.candidates.find((candidate) => candidate.id === last) ??
    resolvePhrase(last.replaceAll('_', ' '), sight.candidates, ['object', 'item', 'npc', 'place']).match;
  return { words: match?.name ?? last.replaceAll('_', ' '), phrase, match, ambiguous: [] };
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
