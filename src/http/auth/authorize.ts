import { hasRole, type Caller, type Role } from '../../contracts/caller.ts';
import { FleetError } from '../../kernel/errors.ts';

/**
 * Refuse a caller that has none of the roles.
 * Errors: forbidden, or admin_disabled when no configured key has the role admin (both 403).
 */
export function assertAnyRole(caller: Caller, anyOf: readonly Role[], hasAdmin: boolean): void {
  if (anyOf.some((role) => hasRole(caller, role))) return;
  const names = anyOf.map((role) => `"${role}"`).join(' or ');
  const needsAdmin = anyOf.every((role) => role === 'admin');
  throw new FleetError({
    code: needsAdmin && !hasAdmin ? 'admin_disabled' : 'forbidden',
    kind: 'forbidden',
    message:
      needsAdmin && !hasAdmin
        ? 'this needs the role "admin", and no configured key has it'
        : `this needs the role ${names}; key "${caller.id}" has ${[...caller.roles].join(', ')}`,
    details: { required_roles: [...anyOf] },
  });
}

export function unauthenticated(): FleetError {
  return new FleetError({
    code: 'unauthenticated',
    kind: 'unauthenticated',
    message: 'send a valid API key as "Authorization: Bearer ao_<id>_<secret>" or "X-API-Key"',
  });
}
