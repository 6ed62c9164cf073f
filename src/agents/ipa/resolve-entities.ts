import type { IntentEntity } from '../../contracts/intent.ts';
import type { WorldView } from '../../contracts/world-view.ts';
import { bestMatches, nameWords } from '../../sessions/world/names.ts';

export type ThingType = 'object' | 'npc' | 'item' | 'place';

/** Something in sight that a phrase can mean. */
export interface Candidate {
  readonly type: ThingType;
  readonly id: string;
  readonly name: string;
  readonly aliases: readonly string[];
}

/** What a phrase turned out to mean: one thing, several equally good ones, or nothing in sight. */
export interface Resolution {
  readonly match: Candidate | undefined;
  /** Two or more when the phrase fits several things equally well, else empty. */
  readonly ambiguous: readonly Candidate[];
}

/** Everything in sight, things first, places last. */
export function candidatesOf(view: WorldView | null): Candidate[] {
  if (view === null) return [];
  const typed = (type: ThingType) => (thing: { id: string; name: string; aliases: readonly string[] }) => ({
    type,
    id: thing.id,
    name: thing.name,
    aliases: thing.aliases,
  });
  return [
    ...view.objects.map(typed('object')),
    ...view.npcs.map(typed('npc')),
    ...view.inventory.map(typed('item')),
    ...placesOf(view),
  ];
}

/** Where the exits lead, each place once, and the present place itself. */
function placesOf(view: WorldView): Candidate[] {
  const exits = view.location.exits.map((exit) => ({
    type: 'place' as const,
    id: exit.to_id,
    name: exit.to_name,
    aliases: exit.aliases,
  }));
  const here = { type: 'place' as const, ...pickNames(view.location) };
  return [...new Map([here, ...exits].map((place) => [place.id, place])).values()];
}

function pickNames(place: WorldView['location']): Omit<Candidate, 'type'> {
  return { id: place.id, name: place.name, aliases: place.aliases };
}

/** Match a phrase against the candidates of the wanted types, in the order the types are given. */
export function resolvePhrase(
  phrase: string,
  candidates: readonly Candidate[],
  types: readonly ThingType[],
): Resolution {
  const words = nameWords(phrase);
  const matches = bestMatches(
    words,
    candidates.filter((candidate) => types.includes(candidate.type)),
  );
  const unique = [...new Map(matches.map((match) => [match.id, match])).values()];
  if (unique.length > 1) return { match: undefined, ambiguous: unique };
  return { match: unique[0], ambiguous: [] };
}

export function entityOf(
  type: IntentEntity['type'],
  value: string,
  span: { readonly start: number; readonly end: number },
  ref?: string,
): IntentEntity {
  return { type, value, start: span.start, end: span.end, ...(ref === undefined ? {} : { ref }) };
}
