import { hasRole, type Caller } from '../contracts/caller.ts';
import { FleetError } from '../kernel/errors.ts';

/** Who a run or a session belongs to. */
export interface Ownership {
  readonly userId: string | undefined;
  /** The key that submitted or created it. */
  readonly keyId: string | undefined;
}

/** Readers see everything, players what is theirs, submitting services what they submitted. */
export function maySee(caller: Caller, owner: Ownership): boolean {
  return hasRole(caller, 'read') || isOwner(caller, owner);
}

/** A mere reader sees that something was said, not what. */
export function mayReadContent(caller: Caller, owner: Ownership): boolean {
  return hasRole(caller, 'operate') || isOwner(caller, owner);
}

export function isOwner(caller: Caller, owner: Ownership): boolean {
  if (hasRole(caller, 'admin')) return true;
  if (hasRole(caller, 'enqueue') && owner.keyId === caller.id) return true;
  return hasRole(caller, 'user') && caller.user_id !== undefined && owner.userId === caller.user_id;
}

export function sessionForbidden(sessionId: string): FleetError {
  return new FleetError({
    code: 'forbidden',
    kind: 'forbidden',
    message: `session "${sessionId}" belongs to somebody else`,
  });
}

/** Replacing what others did to a world is for administrators alone. Errors: forbidden. */
export function assertMayOverwrite(input: unknown, caller: Caller): void {
  const overwrites =
    typeof input === 'object' &&
    input !== null &&
    'conflict_policy' in input &&
    input.conflict_policy === 'overwrite';
  if (!overwrites || hasRole(caller, 'admin')) return;
  throw new FleetError({
    code: 'forbidden',
    kind: 'forbidden',
    message: 'conflict_policy "overwrite" needs the role "admin"',
  });
}
