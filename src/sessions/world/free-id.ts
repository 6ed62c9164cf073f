import { UNEXPLORED, type World } from '../../contracts/world.ts';

const MAX_ID = 56;

/** A name as an id; numbered when something else has it already, whatever that is. */
export function freeId(world: World, name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^[^a-z]+|_+$/g, '');
  const base = plain.slice(0, MAX_ID).replace(/_+$/, '') || 'something';
  let id = base;
  for (let n = 2; isTaken(world, id); n++) id = `${base}_${n}`;
  return id;
}

/** One id means one thing, whatever its kind. */
export function isTaken({ locations, objects, npcs }: World, id: string): boolean {
  return id === UNEXPLORED || [locations, objects, npcs].some((entities) => Object.hasOwn(entities, id));
}
