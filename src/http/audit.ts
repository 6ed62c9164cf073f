import { createHash } from 'node:crypto';
import type { RedisClient } from '../redis/connect.ts';
import { bounded, storeUnavailable } from './bounded.ts';

/** Who did what, from where, and what came of it. */
export interface AuditEntry {
  readonly ts: string;
  readonly actor: string;
  readonly roles: readonly string[];
  readonly ip: string;
  /** Verb of the operation, for example `run.cancel`. */
  readonly action: string;
  /** Path of what was acted on; of a session and of a player only a hash, for the log outlives them. */
  readonly target: string;
  readonly request_id: string;
  /** `attempted` is written before an operator's action; the other two when the answer is known. */
  readonly outcome: 'attempted' | 'done' | 'refused';
  readonly status?: number;
  readonly reason?: string;
}

export interface AuditLog {
  /** Errors: backend_unavailable (unavailable). */
  append(entry: AuditEntry): Promise<void>;
}

/** One stream entry per audit entry, approximately the newest `maxLen` of them. One round trip. */
export function createRedisAudit(redis: RedisClient, key: string, maxLen: number): AuditLog {
  return {
    async append(entry) {
      const fields = Object.entries(entry)
        .filter(([, value]) => value !== undefined)
        .flatMap(([name, value]) => [name, Array.isArray(value) ? value.join(',') : String(value)]);
      try {
        await bounded(redis.xadd(key, 'MAXLEN', '~', maxLen, '*', ...fields));
      } catch (error) {
        throw storeUnavailable('the audit entry was not written', error);
      }
    },
  };
}

/** The path of a request without its query, the id of a session or a player in it as `sha256-<16 hex digits>`. */
export function auditedPath(url: string): string {
  const path = url.split('?')[0]!.slice(0, 500);
  return path.replace(
    /(\/(?:sessions|users)\/)([^/]+)/,
    (_, before: string, id: string) => `${before}${hashed(id)}`,
  );
}

function hashed(id: string): string {
  return `sha256-${createHash('sha256').update(id).digest('hex').slice(0, 16)}`;
}
