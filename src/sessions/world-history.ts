import { WorldVersion } from '../contracts/world-history.ts';
import type { World } from '../contracts/world.ts';
import { toIso } from '../kernel/clock.ts';
import { FleetError } from '../kernel/errors.ts';
import { toBackendError } from '../redis/script.ts';
import type { RedisStore } from '../redis/store.ts';
import { brokenWorld } from './world/lookup.ts';
import { rewindWorld, type WorldPatch } from './world/world-patch.ts';

type Fields = Readonly<Record<string, string>>;

/** Versions of a world, newest first; `before` is the last one seen. One round trip. */
export async function listWorldVersions(
  store: RedisStore,
  worldId: string,
  page: { readonly limit: number; readonly before?: number },
): Promise<{ items: WorldVersion[]; nextBefore: number | null }> {
  // The history holds 500 entries at most, so the page is cut here.
  const known = (await entriesOf(store, worldId))
    .map(decodeVersion)
    .filter(({ version }) => page.before === undefined || version < page.before);
  const items = known.slice(0, page.limit);
  return { items, nextBefore: known.length > items.length ? (items.at(-1)?.version ?? null) : null };
}

/**
 * The world as it was: every later patch taken back, newest first. One round trip, none for the present version.
 *
 * Errors: world_version_not_found (not_found) for a version that never was, world_version_gone (not_found, 410) for
 * one whose patches are no longer kept.
 */
export async function readWorldAt(store: RedisStore, present: World, version: number): Promise<World> {
  if (version > present.version) throw versionNotFound(present, version);
  if (version === present.version) return present;
  const patches: WorldPatch[] = [];
  let reached = present.version;
  for (const fields of await entriesOf(store, present.world_id)) {
    const made = Number(fields['version']);
    // Written since the present version was read.
    if (made > present.version) continue;
    if (made !== reached || reached === version) break;
    // The patch was written by worldPatch.
    patches.push(JSON.parse(fields['undo'] ?? '{}') as WorldPatch);
    reached = made - 1;
  }
  if (reached !== version) throw versionGone(present, version, reached);
  const world = rewindWorld(present, patches);
  if (world === null) throw brokenWorld(present, 'the patches since version', String(version));
  return { ...world, version };
}

/** Newest first. */
async function entriesOf({ redis, keys }: RedisStore, worldId: string): Promise<Fields[]> {
  try {
    const entries = await redis.xrevrange(keys.worldHistory(worldId), '+', '-');
    return entries.map(([, flat]) => {
      const pairs: [string, string][] = [];
      for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i]!, flat[i + 1]!]);
      return Object.fromEntries(pairs);
    });
  } catch (error) {
    throw toBackendError(error, 'reading the history of a world');
  }
}

function decodeVersion(fields: Fields): WorldVersion {
  const { run_id: runId, step, ops = '[]' } = fields;
  return WorldVersion.parse({
    version: Number(fields['version']),
    at: toIso(Number(fields['at'])),
    ...(runId === undefined || runId === '' ? {} : { run_id: runId }),
    step,
    ops: JSON.parse(ops),
  });
}

function versionNotFound({ world_id: worldId, version: newest }: World, version: number): FleetError {
  return new FleetError({
    code: 'world_version_not_found',
    kind: 'not_found',
    message: `world "${worldId}" has no version ${version}; its newest is ${newest}`,
    details: { current_version: newest },
  });
}

function versionGone(
  { world_id: worldId, version: newest }: World,
  version: number,
  oldest: number,
): FleetError {
  return new FleetError({
    code: 'world_version_gone',
    kind: 'not_found',
    httpStatus: 410,
    message: `version ${version} of world "${worldId}" is no longer kept; the oldest is ${oldest}, the newest ${newest}`,
    details: { current_version: newest, oldest_version: oldest },
  });
}
