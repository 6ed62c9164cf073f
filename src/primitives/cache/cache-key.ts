import { createHash } from 'node:crypto';
import type { CachePolicy } from '../plan/node.ts';
import { canonicalJson } from './canonical-json.ts';

/** What a key function returns for a call that must not be shared; it is made as if there were no cache. */
export const BYPASS: unique symbol = Symbol.for('agent-fleet.cache.bypass');

/** Whose call it is. */
export interface CacheIds {
  readonly playerId?: string | undefined;
  readonly sessionId?: string | undefined;
}

/** `player_id` and `session_id` of a run's metadata. */
export function idsOf(metadata: Readonly<Record<string, unknown>>): CacheIds {
  const { player_id: player, session_id: session } = metadata;
  return {
    ...(typeof player === 'string' ? { playerId: player } : {}),
    ...(typeof session === 'string' ? { sessionId: session } : {}),
  };
}

/** SHA-256 of canonical JSON, in hexadecimal; null for what is no JSON. */
export function digestOf(value: unknown): string | null {
  const json = canonicalJson(value);
  return json === null ? null : createHash('sha256').update(json).digest('hex');
}

/**
 * What tells one call of a cached step from another: its input or the policy's key of it, the facets, and whose
 * call it is.
 *
 * @returns null when the call bypasses the cache: its scope has no id, the key function said so, or the input
 *          would not survive JSON. What belongs to nobody known is never shared.
 */
export function cacheDigest(policy: CachePolicy, input: unknown, ids: CacheIds): string | null {
  const id = scopeId(policy.scope, ids);
  if (id === undefined) return null;
  // Both functions were written for the input of this very step.
  const key = policy.key as ((input: unknown) => unknown) | undefined;
  const keyed = key === undefined ? input : key(input);
  if (keyed === BYPASS || keyed === undefined) return null;
  const facets = typeof policy.facets === 'function' ? (policy.facets(input) as unknown) : policy.facets;
  return digestOf({ input: keyed, facets, scope: policy.scope, id });
}

/** Undefined when the scope asks for an id and there is none. */
function scopeId(scope: CachePolicy['scope'], ids: CacheIds): string | null | undefined {
  if (scope === 'global') return null;
  const id = scope === 'player' ? ids.playerId : ids.sessionId;
  return id === '' ? undefined : id;
}
