import { isDeepStrictEqual } from 'node:util';
import { MAX_WORLD_EVENTS, World } from '../../contracts/world.ts';

/** One place of a world that was changed; `before` or `after` is absent where there was or is nothing. */
interface Change {
  readonly path: readonly string[];
  readonly before?: unknown;
  readonly after?: unknown;
}

/** What one write did to a world: every place it touched as it was before and after. */
export interface WorldPatch {
  readonly changes: readonly Change[];
  readonly turn: readonly [number, number];
  readonly updated_at: readonly [string, string];
  /** Events that were added, and those that had to go for them. */
  readonly events: { readonly added: readonly unknown[]; readonly dropped: readonly unknown[] };
}

/** Counters and records that every write touches; they never make two writes exclude each other. */
const BOOKKEEPING: ReadonlySet<string> = new Set(['version', 'turn', 'updated_at', 'events']);

/** Lists are one place each; objects are looked into. */
export function worldPatch(before: World, after: World): WorldPatch {
  const changes: Change[] = [];
  collect(before, after, [], changes);
  const kept = keptEvents(before.events, after.events);
  return {
    changes,
    turn: [before.turn, after.turn],
    updated_at: [before.updated_at, after.updated_at],
    events: {
      added: after.events.slice(kept),
      dropped: before.events.slice(0, before.events.length - kept),
    },
  };
}

/**
 * The world without what the patch did. What others changed elsewhere stays, and the version goes on, so that nobody
 * takes the world for one it has read before.
 *
 * @returns null when somebody has changed a touched place since
 */
export function undoWorldPatch(current: World, patch: WorldPatch): World | null {
  const undone = rewindWorld(current, [patch]);
  return undone === null ? null : { ...undone, version: current.version + 1 };
}

/**
 * The world before these patches, newest first. Its version is still that of `current`.
 *
 * @returns null when it has changed otherwise, too
 */
export function rewindWorld(current: World, newestFirst: Iterable<WorldPatch>): World | null {
  const draft = structuredClone(current);
  for (const patch of newestFirst) if (!takeBack(draft, patch)) return null;
  // What is left may be no world any more: somebody built on what the patches did.
  const rewound = World.safeParse(draft);
  return rewound.success ? rewound.data : null;
}

function takeBack(world: World, patch: WorldPatch): boolean {
  for (const { path, ...change } of patch.changes) {
    const at = parentOf(world, path);
    const name = path.at(-1)!;
    const isAfter = at !== null && isAs(at, name, change, 'after');
    if (!isAfter && (at === null || !isAs(at, name, change, 'before'))) return false;
    if ('before' in change) at[name] = change.before;
    else delete at[name];
  }
  const { turn, updated_at: updatedAt, events } = patch;
  if (world.turn === turn[1]) world.turn = turn[0];
  if (world.updated_at === updatedAt[1]) world.updated_at = updatedAt[0];
  // They are checked with the rest of the world in the end.
  const left = [...events.dropped, ...without(world.events, events.added)] as World['events'];
  world.events = left.slice(-MAX_WORLD_EVENTS);
  return true;
}

type Fields = Record<string, unknown>;

function collect(before: unknown, after: unknown, path: readonly string[], changes: Change[]): void {
  if (isDeepStrictEqual(before, after)) return;
  if (!isFields(before) || !isFields(after)) {
    changes.push({ path, before, after });
    return;
  }
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (path.length === 0 && BOOKKEEPING.has(name)) continue;
    const here = [...path, name];
    if (!Object.hasOwn(before, name)) changes.push({ path: here, after: after[name] });
    else if (!Object.hasOwn(after, name)) changes.push({ path: here, before: before[name] });
    else collect(before[name], after[name], here, changes);
  }
}

/** How many events at the end of the one list stand at the beginning of the other. */
function keptEvents(before: readonly unknown[], after: readonly unknown[]): number {
  for (let kept = Math.min(before.length, after.length); kept > 0; kept--) {
    if (isDeepStrictEqual(before.slice(before.length - kept), after.slice(0, kept))) return kept;
  }
  return 0;
}

function without(list: readonly unknown[], added: readonly unknown[]): unknown[] {
  const left = [...list];
  for (const one of added) {
    const index = left.findLastIndex((candidate) => isDeepStrictEqual(candidate, one));
    if (index !== -1) left.splice(index, 1);
  }
  return left;
}

function isAs(at: Fields, name: string, change: Omit<Change, 'path'>, when: 'before' | 'after'): boolean {
  if (!Object.hasOwn(at, name)) return !(when in change);
  return when in change && isDeepStrictEqual(at[name], change[when]);
}

function parentOf(world: unknown, path: readonly string[]): Fields | null {
  let at: unknown = world;
  for (const name of path.slice(0, -1)) {
    if (!isFields(at) || !Object.hasOwn(at, name)) return null;
    at = at[name];
  }
  return isFields(at) ? at : null;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
