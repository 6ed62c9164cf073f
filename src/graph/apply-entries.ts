import type { World } from '../contracts/world.ts';
import { isFleetError } from '../kernel/errors.ts';
import type { GraphTransaction, GraphWorld } from './graph-port.ts';
import { emptyRows, type GraphRows } from './graph-rows.ts';
import type { OutboxEntry } from './outbox-entry.ts';
import { patchRows } from './project-patch.ts';
import { worldRows } from './project-world.ts';

/**
 * What became of an entry.
 * - `applied`: its patch was; `healed`: the whole world was copied instead
 * - `skipped`: the graph was as far already; `forgotten`: all of its world is gone
 * - `orphaned`: the whole world was needed and is not there any more; `refused`: nothing can be made of it
 */
export const ENTRY_OUTCOMES = ['applied', 'healed', 'skipped', 'forgotten', 'orphaned', 'refused'] as const;
export type EntryOutcome = (typeof ENTRY_OUTCOMES)[number];

/** The world as it stands in Redis, null when there is none. */
export type ReadWorld = (worldId: string) => Promise<World | null>;

type PatchEntry = Extract<OutboxEntry, { kind: 'patch' }>;

/**
 * Apply entries in their order within one transaction. Entries of different worlds travel together; the n-th of one
 * world follows its n-1 earlier ones.
 *
 * Applying them once more changes nothing: a patch is applied only on the version before it, is left out on a later
 * one, and beyond a gap the world in Redis is copied, which is at least as far.
 *
 * @returns one outcome per entry
 */
export async function applyEntries(
  transaction: GraphTransaction,
  entries: readonly OutboxEntry[],
  readWorld: ReadWorld,
): Promise<EntryOutcome[]> {
  const ids = entries.flatMap((entry) => (entry.kind === 'unreadable' ? [] : [entry.worldId]));
  const batch: Batch = {
    known: await transaction.worlds([...new Set(ids)]),
    read: new Set(),
    readWorld,
  };
  const outcomes: EntryOutcome[] = [];
  for (const wave of wavesOf(entries)) {
    const rows = emptyRows();
    for (const index of wave) outcomes[index] = await addEntry(batch, rows, entries[index]!);
    await transaction.change(rows);
  }
  return outcomes;
}

interface Batch {
  readonly known: Map<string, GraphWorld>;
  /** Worlds that were read whole for this batch: nothing in it can be newer. */
  readonly read: Set<string>;
  readonly readWorld: ReadWorld;
}

async function addEntry(batch: Batch, rows: GraphRows, entry: OutboxEntry): Promise<EntryOutcome> {
  switch (entry.kind) {
    case 'unreadable':
      return 'refused';
    case 'forget':
      rows.forgotten.push(entry.worldId);
      batch.known.delete(entry.worldId);
      batch.read.delete(entry.worldId);
      return 'forgotten';
    case 'patch':
      return addPatch(batch, rows, entry);
  }
}

async function addPatch(batch: Batch, rows: GraphRows, entry: PatchEntry): Promise<EntryOutcome> {
  const { worldId, version, patch, at } = entry;
  const known = batch.known.get(worldId);
  if (known !== undefined && version !== null) {
    if (version <= known.version && (at <= known.appliedAt || batch.read.has(worldId))) return 'skipped';
    if (version === known.version + 1 && patch !== null) {
      const next = patchRows(rows, worldId, patch, known, { version, at });
      if (next !== null) {
        batch.known.set(worldId, next);
        return 'applied';
      }
    }
  }
  return copyWorld(batch, rows, entry, known);
}

/** A late entry of a version the graph has is either a repetition, or of a new world under an old id. */
async function copyWorld(
  batch: Batch,
  rows: GraphRows,
  { worldId, version, at }: PatchEntry,
  known: GraphWorld | undefined,
): Promise<EntryOutcome> {
  const world = await readable(batch.readWorld, worldId);
  if (world === 'broken') return 'refused';
  if (world === null) return 'orphaned';
  batch.read.add(worldId);
  const isLate = known !== undefined && version !== null && version <= known.version;
  if (isLate && world.created_at === known.createdAt && world.version <= known.version) return 'skipped';
  batch.known.set(worldId, worldRows(rows, world, Math.max(at, known?.appliedAt ?? 0)));
  return 'healed';
}

async function readable(read: ReadWorld, worldId: string): Promise<World | null | 'broken'> {
  try {
    return await read(worldId);
  } catch (error) {
    // While Redis is away every world is: that passes. What is stored wrongly stays wrong, and others wait behind it.
    if (isFleetError(error) && error.kind === 'unavailable') throw error;
    return 'broken';
  }
}

/** Indices of entries that may travel together: at most one of each world, in order. */
function wavesOf(entries: readonly OutboxEntry[]): number[][] {
  const waves: number[][] = [];
  const depth = new Map<string, number>();
  for (const [index, entry] of entries.entries()) {
    const wave = entry.kind === 'unreadable' ? 0 : (depth.get(entry.worldId) ?? 0);
    if (entry.kind !== 'unreadable') depth.set(entry.worldId, wave + 1);
    (waves[wave] ??= []).push(index);
  }
  return waves;
}
