import type { Caller } from '../../contracts/caller.ts';
import type { DeletedSession } from '../../contracts/session.ts';
import { ownersOfSession, sessionNotFound } from '../../sessions/forgetting.ts';
import { isOwner, sessionForbidden } from '../../workflows/access.ts';
import { forgetSession } from '../../workflows/forget/forget-session.ts';
import type { OperationsContext } from './context.ts';

/** What is still at work has this long to stop, before the watchdog sees to the rest. */
const DELETES_WITHIN_MS = 8_000;

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
