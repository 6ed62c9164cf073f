import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { hasRole, type Caller } from '../../contracts/caller.ts';
import type { StartRun } from '../../contracts/turn.ts';
import { FleetError } from '../../kernel/errors.ts';
import { canonicalJson } from '../../primitives/cache/canonical-json.ts';
import type { DedupClaim } from '../../primitives/durable/admit-run.ts';
import type { OwnedSession } from '../../sessions/session-store.ts';

/** `wait_ms` says nothing about the work. */
export function dedupClaim(workflow: string, run: z.output<typeof StartRun>, caller: Caller): DedupClaim {
  const { dedup_id: dedupId, wait_ms: _, ...work } = run;
  return { hash: sha256([caller.id, workflow, dedupId]), fingerprint: sha256(work) };
}

function sha256(value: unknown): string {
  return createHash('sha256')
    .update(canonicalJson(value) ?? JSON.stringify(value))
    .digest('hex');
}

/** Errors: forbidden. */
export function assertMayActFor(userId: string | undefined, caller: Caller): void {
  if (userId === undefined || userId === caller.user_id || hasRole(caller, 'enqueue')) return;
  throw new FleetError({
    code: 'forbidden',
    kind: 'forbidden',
    message: `only a key with the role "enqueue" may act for another user ("${userId}")`,
  });
}

/** A run of a session belongs to the session's user. Errors: validation_failed. */
export function assertSameUser(userId: string | undefined, session: OwnedSession | null): void {
  const own = session?.view.user_id;
  if (userId === undefined || session === null || userId === own) return;
  const message = `the session belongs to ${own === undefined ? 'nobody' : `user "${own}"`}, so the run cannot belong to "${userId}"`;
  const problems = [{ path: '/user_id', message, code: 'custom' }];
  throw new FleetError({ code: 'validation_failed', kind: 'invalid_input', message, problems });
}
