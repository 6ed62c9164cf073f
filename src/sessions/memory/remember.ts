import { StoredMemory, type Thread } from '../../contracts/memory.ts';
import { withTurn } from './episodes.ts';
import { isBright } from './feelings.ts';
import { progressOf } from './goals.ts';
import type { TurnFacts } from './turn-facts.ts';

const MOST = { feelings: 20, people: 30, places: 30, themes: 20, threads: 8 } as const;
const LONGEST_NAME = 80;

export const NO_MEMORY: StoredMemory = {
  episodes: [],
  feelings: [],
  people: [],
  places: [],
  themes: [],
  threads: [],
  goals: [],
};

/**
 * What a session remembers once a turn has ended. The same memory and turn give the same memory, so whoever settles the
 * turn again writes what was written.
 */
export function remember(memory: StoredMemory, goals: readonly string[], told: TurnFacts): StoredMemory {
  const turn = shortened(told);
  return {
    episodes: withTurn(memory.episodes, turn),
    feelings:
      turn.feeling === null
        ? memory.feelings
        : [...memory.feelings, { turn: turn.turn, feeling: turn.feeling }].slice(-MOST.feelings),
    people: met(memory.people, turn.person, turn.turn, MOST.people),
    places: met(memory.places, turn.place, turn.turn, MOST.places),
    themes: turn.themes.reduce((themes, name) => seen(themes, name, turn.turn), memory.themes),
    threads: threadsAfter(memory.threads, turn),
    goals: progressOf(goals, memory.goals, told),
  };
}

/** A memory that nothing can be made of is none: a session that has lost it goes on. */
export function decodeMemory(text: string | undefined): StoredMemory {
  if (text === undefined) return NO_MEMORY;
  try {
    return StoredMemory.parse(JSON.parse(text));
  } catch {
    return NO_MEMORY;
  }
}

function met(
  known: StoredMemory['people'],
  one: TurnFacts['person'],
  turn: number,
  most: number,
): StoredMemory['people'] {
  if (one === null) return known;
  const turns = (known.find(({ id }) => id === one.id)?.turns ?? 0) + 1;
  // The ones met last are kept.
  return [...known.filter(({ id }) => id !== one.id), { ...one, turns, last_turn: turn }].slice(-most);
}

function seen(known: StoredMemory['themes'], name: string, turn: number): StoredMemory['themes'] {
  const turns = (known.find((theme) => theme.name === name)?.turns ?? 0) + 1;
  const others = known.filter((theme) => theme.name !== name);
  return [...others, { name, turns, last_turn: turn }].slice(-MOST.themes);
}

/** A topic stays until others push it out; a hard feeling until a bright one follows. */
function threadsAfter(threads: readonly Thread[], { turn, feeling, topic, person }: TurnFacts): Thread[] {
  let next = [...threads];
  if (feeling !== null) {
    next = next.filter(({ kind, about }) => kind !== 'feeling' || (!isBright(feeling) && about !== feeling));
    if (!isBright(feeling)) next.push({ kind: 'feeling', about: feeling, turn });
  }
  if (topic !== null) {
    next = next.filter(({ kind, about }) => kind !== 'topic' || about !== topic);
    next.push({ kind: 'topic', about: topic, ...(person === null ? {} : { with: person.name }), turn });
  }
  return next.slice(-MOST.threads);
}

function shortened(turn: TurnFacts): TurnFacts {
  const cut = (name: string): string => name.slice(0, LONGEST_NAME).toWellFormed();
  const named = (one: TurnFacts['person']) => one && { id: cut(one.id), name: cut(one.name) };
  return {
    ...turn,
    intent: cut(turn.intent),
    feeling: turn.feeling && cut(turn.feeling),
    topic: turn.topic && cut(turn.topic),
    place: named(turn.place),
    person: named(turn.person),
    themes: turn.themes.map(cut),
  };
}
