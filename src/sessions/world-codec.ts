import { WorldId } from '../contracts/world-view.ts';
import { World } from '../contracts/world.ts';
import { FleetError } from '../kernel/errors.ts';
import type { RedisStore } from '../redis/store.ts';
import { toBackendError } from '../redis/script.ts';

export const MAX_WORLD_BYTES = 512 * 1024;

/** A world as stored: its version beside its JSON, so that a writer can compare without reading it whole. */
export interface StoredWorld {
  readonly version: number;
  readonly data: string;
}

/** One round trip; null when there is no such world. */
export async function readStoredWorld(store: RedisStore, worldId: string): Promise<StoredWorld | null> {
  // No such world can have been stored, and the key may belong to something else.
  if (!WorldId.safeParse(worldId).success) return null;
  try {
    const [version, data] = await store.redis.hmget(store.keys.world(worldId), 'version', 'data');
    return version == null || data == null ? null : { version: Number(version), data };
  } catch (error) {
    throw toBackendError(error, 'reading a world');
  }
}

/** Errors: world_broken (internal, never retried) when what is stored is no world. */
export function decodeWorld(stored: StoredWorld): World {
  const parsed = World.safeParse(JSON.parse(stored.data));
  if (parsed.success) return parsed.data;
  throw new FleetError({
    code: 'world_broken',
    kind: 'internal',
    retryable: false,
    message: `the stored world cannot be read: ${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`,
  });
}

/** Errors: world_too_large (invalid_input). */
export function encodeWorld(world: World): string {
  const data = JSON.stringify(world);
  const bytes = Buffer.byteLength(data);
  if (bytes <= MAX_WORLD_BYTES) return data;
  throw new FleetError({
    code: 'world_too_large',
    kind: 'invalid_input',
    message: `world "${world.world_id}" would take ${bytes} bytes; at most ${MAX_WORLD_BYTES} are stored`,
  });
}
