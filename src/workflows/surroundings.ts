import { decodeSessionContext } from '../sessions/session-context.ts';
import { decodeTurnFields } from '../sessions/session-store.ts';
import { createStarterWorld } from '../sessions/world/starter-world.ts';
import { decodeWorld } from '../sessions/world-codec.ts';
import type { Surroundings } from './definition.ts';

/** What was read of a run's session, as it stands in Redis. */
export interface StoredSurroundings {
  readonly session: Readonly<Record<string, string>> | null;
  readonly world: { readonly version: number; readonly data: string } | null;
  /** Newest first. */
  readonly recentTurns: readonly Readonly<Record<string, string>>[];
}

/** Decoded only when somebody asks for it. */
export function surroundings(stored: StoredSurroundings): Surroundings {
  const session = stored.session === null ? null : decodeSessionContext(stored.session);
  return {
    session,
    get world() {
      if (stored.world !== null) return decodeWorld(stored.world);
      // A session whose world was never written stands in the world every story begins in.
      return session === null ? null : createStarterWorld(session.worldId, new Date(0).toISOString());
    },
    get recentTurns() {
      return stored.recentTurns.toReversed().map(decodeTurnFields);
    },
  };
}
