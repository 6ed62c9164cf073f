import type { Episode } from '../../contracts/memory.ts';
import type { TurnFacts } from './turn-facts.ts';

/** Of the newest turns each is an episode of its own; this many at least. */
const SINGLE_TURNS = 20;
/** So many of the oldest single turns become one episode at a time. */
const FOLD = 10;
const MOST_FOLDED = 6;
const MOST_NAMES = 6;
const LISTS = ['places', 'doings', 'people', 'topics', 'feelings'] as const;

/** The episodes with one more turn. However many turns there were, each of them is in one. */
export function withTurn(episodes: readonly Episode[], turn: TurnFacts): Episode[] {
  const grown = [...episodes, episodeOf(turn)];
  const single = grown.filter(({ from, to }) => from === to);
  if (single.length < SINGLE_TURNS + FOLD) return grown;
  const folded = grown.slice(0, grown.length - single.length);
  const next = [...folded, together(single.slice(0, FOLD))];
  // The oldest are told the shortest.
  while (next.length > MOST_FOLDED) next.splice(0, 2, together(next.slice(0, 2)));
  return [...next, ...single.slice(FOLD)];
}

export function tellEpisode(episode: Episode): string {
  const { from, to, places, doings, people, topics, feelings } = episode;
  const parts = [
    places.length > 0 && `at ${places.join(', ')}`,
    doings.length > 0 && doings.join(', ').replaceAll('_', ' '),
    people.length > 0 && `with ${people.join(', ')}`,
    topics.length > 0 && `about ${topics.join(', ')}`,
    feelings.length > 0 && `felt ${feelings.join(', ')}`,
  ].filter((part) => part !== false);
  return `${from === to ? `Turn ${from}` : `Turns ${from}-${to}`}: ${parts.join('; ')}.`;
}

function episodeOf({ turn, place, intent, person, topic, feeling }: TurnFacts): Episode {
  return {
    from: turn,
    to: turn,
    places: place === null ? [] : [place.name],
    doings: [intent],
    people: person === null ? [] : [person.name],
    topics: topic === null ? [] : [topic],
    feelings: feeling === null ? [] : [feeling],
  };
}

function together(episodes: readonly Episode[]): Episode {
  const lists = Object.fromEntries(
    LISTS.map((list) => [list, mostFrequent(episodes.flatMap((episode) => episode[list]))]),
  ) as Pick<Episode, (typeof LISTS)[number]>; // LISTS names all of them
  return { from: episodes[0]!.from, to: episodes.at(-1)!.to, ...lists };
}

/** In the order in which they came. */
function mostFrequent(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const kept = [...counts].toSorted(([, a], [, b]) => b - a).slice(0, MOST_NAMES);
  const isKept = new Set(kept.map(([name]) => name));
  return [...counts.keys()].filter((name) => isKept.has(name));
}
