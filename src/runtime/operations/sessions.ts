import { hasRole, type Caller } from '../../contracts/caller.ts';
import {
  UpdateSession,
  type CreateSession,
  type DeletedSession,
  type SessionView,
} from '../../contracts/session.ts';
import { FleetError } from '../../kernel/errors.ts';
import { ownersOfSession, sessionNotFound } from '../../sessions/forgetting.ts';
import { getSession, isWorldOfAnother } from '../../sessions/session-store.ts';
import { updateSession } from '../../sessions/update-session.ts';
import { isOwner, sessionForbidden } from '../../workflows/access.ts';
import { forgetSession } from '../../workflows/forget/forget-session.ts';
import { validationFailed } from '../../workflows/start.ts';
import type { OperationsContext } from './context.ts';

/** What is still at work has this long to stop, before the watchdog sees to the rest. */
const DELETES_WITHIN_MS = 8_000;

/**
 * Two sessions share a world if both name it: nobody else comes into the world of a session that names none.
 * Errors: forbidden.
 */
export function assertMayShare(request: CreateSession, caller: Caller): void {
  const { world_id: worldId, session_id: sessionId } = request;
  if (worldId === undefined || !isWorldOfAnother(worldId, sessionId) || hasRole(caller, 'admin')) return;
  throw new FleetError({
    code: 'forbidden',
    kind: 'forbidden',
    message: `names of worlds that begin with "w_" are those of single sessions; choose another than "${worldId}"`,
  });
}

/** Errors: session_not_found, forbidden, validation_failed. */
export async function updateSessionFor(
  ctx: OperationsContext,
  sessionId: string,
  request: UpdateSession,
  caller: Caller,
): Promise<SessionView> {
  const { store, clock } = ctx.workflows;
  const update = UpdateSession.safeParse(request);
  if (!update.success) throw validationFailed(update.error, 'session', '');
  const { view, createdBy } = await getSession(store, sessionId);
  const owner = { userId: view.user_id, keyId: createdBy };
  if (!isOwner(caller, owner) && !hasRole(caller, 'operate')) throw sessionForbidden(sessionId);
  await updateSession(store, sessionId, update.data, clock.now());
  return (await getSession(store, sessionId)).view;
}

/** Errors: session_not_found, forbidden. */
export async function deleteSessionFor(
  ctx: OperationsContext,
  sessionId: string,
  caller: Caller,
): Promise<DeletedSession> {
  const owner = await ownersOfSession(ctx.workflows.store, sessionId);
  if (owner === null) throw sessionNotFound(sessionId);
  if (!isOwner(caller, owner)) throw sessionForbidden(sessionId);
  const outcome = await forgetSession(ctx.workflows, sessionId, { waitMs: DELETES_WITHIN_MS });
  if (outcome === 'unknown') throw sessionNotFound(sessionId);
  return { session_id: sessionId, status: outcome };
}
