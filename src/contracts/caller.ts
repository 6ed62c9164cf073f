import { z } from 'zod';

export const ROLES = ['user', 'enqueue', 'read', 'operate', 'admin'] as const;
export const Role = z.enum(ROLES);
export type Role = z.infer<typeof Role>;

/** Who asks, after authentication. */
export interface Caller {
  /** Key id, or `local` for the CLI on the same machine. */
  readonly id: string;
  readonly roles: ReadonlySet<Role>;
  readonly user_id?: string;
}

/** The operator at the machine itself. */
export const LOCAL_OPERATOR: Caller = { id: 'local', roles: new Set<Role>(['admin']) };

const IMPLIED: Readonly<Record<Role, readonly Role[]>> = {
  user: ['user'],
  enqueue: ['enqueue'],
  read: ['read'],
  operate: ['operate', 'read'],
  admin: ['admin', 'operate', 'read', 'enqueue', 'user'],
};

/** `admin` may do everything, `operate` may also read. */
export function hasRole(caller: Caller, needed: Role): boolean {
  for (const role of caller.roles) if (IMPLIED[role].includes(needed)) return true;
  return false;
}
