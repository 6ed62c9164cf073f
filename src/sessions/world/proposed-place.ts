import { WorldOperation, type RejectionCode, type World } from '../../contracts/world.ts';
import type { PlaceProposal } from '../../contracts/world-proposal.ts';
import { freeId } from './free-id.ts';
import type { ImaginedPlace } from './imagine-place.ts';
import { nameWords } from './names.ts';
import { asName, isPlainMood, isPlainName, isPlainProse } from './plain-prose.ts';

/** A part of a proposal that was dropped. */
export interface RefusedProposal {
  readonly op: 'add_location' | 'add_object' | 'add_npc';
  readonly code: RejectionCode | 'invalid_operation';
}

export interface JudgedProposal {
  /** The local place with whatever of the proposal holds. */
  readonly place: ImaginedPlace;
  /** How many of its operations were taken up. */
  readonly taken: number;
  readonly refused: readonly RefusedProposal[];
}

type Proposed = Extract<WorldOperation, { op: RefusedProposal['op'] }>;

const PLACE_PROSE = { min: 40, max: 500 };
const THING_PROSE = { min: 15, max: 300 };

/**
 * A proposal as typed operations, each judged like any other and by how it reads; what fails is dropped, and the local
 * place fills the gap. Ways, themes and ids are never the proposal's.
 */
export function judgeProposal(proposal: PlaceProposal, local: ImaginedPlace, world: World): JudgedProposal {
  const refused: RefusedProposal[] = [];
  const known = namesIn(world);
  const accept = <T extends Proposed>(operation: T, reads: boolean): T | null => {
    const code = !WorldOperation.safeParse(operation).success
      ? 'invalid_operation'
      : known.has(keyOf(operation.name))
        ? 'already_exists'
        : reads && isPlainName(operation.name)
          ? null
          : 'not_suitable';
    if (code !== null) {
      refused.push({ op: operation.op, code });
      return null;
    }
    known.add(keyOf(operation.name));
    return operation;
  };

  const { description, mood } = proposal;
  const name = asName(proposal.name);
  const placeOp = {
    op: 'add_location' as const,
    id: freeId(world, name),
    name,
    description,
    theme: local.theme,
    mood,
  };
  const place = accept(placeOp, isPlainProse(description, PLACE_PROSE) && isPlainMood(mood));
  const objects = proposal.objects.flatMap((object) => {
    const called = asName(object.name);
    const { description: looks, use_text: use, portable } = object;
    const operation = {
      op: 'add_object' as const,
      id: freeId(world, called),
      name: called,
      description: looks,
      use_text: use,
      portable,
    };
    const reads =
      isPlainProse(looks, THING_PROSE) && isPlainProse(use, THING_PROSE) && use.startsWith('You ');
    return accept(operation, reads) === null
      ? []
      : [{ name: called, aliases: lastWordOf(called), description: looks, use, portable }];
  });
  const people = proposal.people.flatMap((person) => {
    const called = asName(person.name);
    const operation = { op: 'add_npc' as const, id: freeId(world, called), ...person, name: called };
    const reads = isPlainProse(person.description, THING_PROSE) && isPlainMood(person.mood);
    const accepted = accept(operation, reads);
    return accepted === null
      ? []
      : [{ name: called, aliases: lastWordOf(called), description: person.description, mood: person.mood }];
  });

  const taken = (place === null ? 0 : 1) + objects.length + people.length;
  return {
    place: {
      ...local,
      ...(place === null ? {} : { name, description, mood, aliases: aliasesOf(local, name) }),
      things: filledUp<ImaginedPlace['things'][number]>(objects, local.things, known),
      people: filledUp<ImaginedPlace['people'][number]>(people, local.people, known),
    },
    taken,
    refused,
  };
}

/** What kind of place it is stays among its names: what lies beyond it follows from that. */
function aliasesOf({ name, aliases }: ImaginedPlace, newName: string): string[] {
  return [...(aliases.length > 0 ? aliases : [name])].filter((alias) => alias !== newName);
}

/** As many as there would have been without the proposal, the proposed ones first. */
function filledUp<T extends { readonly name: string }>(
  proposed: readonly T[],
  local: readonly T[],
  known: ReadonlySet<string>,
): T[] {
  const spare = local.filter(({ name }) => !known.has(keyOf(name)));
  return [...proposed, ...spare].slice(0, Math.max(proposed.length, local.length));
}

function namesIn({ locations, objects, npcs }: World): Set<string> {
  const all = [locations, objects, npcs].flatMap((entities) => Object.values(entities));
  return new Set(all.map(({ name }) => keyOf(name)));
}

function keyOf(name: string): string {
  return nameWords(name).join(' ');
}

function lastWordOf(name: string): string[] {
  const word = name.split(' ').at(-1);
  return word === undefined || word === name ? [] : [word];
}
