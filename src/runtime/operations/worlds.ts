import type { Caller } from '../../contracts/caller.ts';
import type { FleetOperations } from '../../contracts/operations.ts';
import type { SessionWorld, WorldQuestion } from '../../contracts/world-history.ts';
import type { World } from '../../contracts/world.ts';
import { FleetError } from '../../kernel/errors.ts';
import { getSession, type OwnedSession } from '../../sessions/session-store.ts';
import { decodeWorld, readStoredWorld } from '../../sessions/world-codec.ts';
import { listWorldVersions, readWorldAt } from '../../sessions/world-history.ts';
import { createStarterWorld } from '../../sessions/world/starter-world.ts';
import { viewOf } from '../../sessions/world/view.ts';
import { mayReadContent, maySee, sessionForbidden, type Ownership } from '../../workflows/access.ts';
import type { OperationsContext } from './context.ts';

/**
 * The world a session plays in. A session that has not been played yet stands in the world every story begins in.
 *
 * Errors: session_not_found, forbidden, world_version_not_found (not_found), world_version_gone (410).
 * Redis: two round trips, one more for an earlier version.
 */
export async function getWorldFor(
  { workflows: { store } }: OperationsContext,
  sessionId: string,
  { version, full = false }: WorldQuestion,
  caller: Caller,
): Promise<SessionWorld> {
  const session = await getSession(store, sessionId);
  assertMaySee(session, caller);
  if (full && !mayReadContent(caller, ownerOf(session))) throw wholeWorldForbidden(sessionId);
  const { world_id: worldId, created_at: createdAt } = session.view;
  const stored = await readStoredWorld(store, worldId);
  const present: World = stored === null ? createStarterWorld(worldId, createdAt) : decodeWorld(stored);
  const world = version === undefined ? present : await readWorldAt(store, present, version);
  return {
    world_id: worldId,
    version: world.version,
    current_version: present.version,
    updated_at: world.updated_at,
    view: viewOf(world),
    ...(full ? { world } : {}),
  };
}

/** Errors: session_not_found, forbidden. Redis: two round trips. */
export async function listWorldVersionsFor(
  { workflows: { store } }: OperationsContext,
  sessionId: string,
  page: Parameters<FleetOperations['listWorldVersions']>[1],
  caller: Caller,
): ReturnType<FleetOperations['listWorldVersions']> {
  const session = await getSession(store, sessionId);
  assertMaySee(session, caller);
  return listWorldVersions(store, session.view.world_id, page);
}

function assertMaySee(session: OwnedSession, caller: Caller): void {
  if (!maySee(caller, ownerOf(session))) throw sessionForbidden(session.view.session_id);
}

function ownerOf({ view, createdBy }: OwnedSession): Ownership {
  return { userId: view.user_id, keyId: createdBy };
}

function wholeWorldForbidden(sessionId: string): FleetError {
  return new FleetError({
    code: 'forbidden',
    kind: 'forbidden',
    message: `the whole world of session "${sessionId}" is for its owner and for operators`,
  });
}
