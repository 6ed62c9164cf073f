import { toIso } from '../../kernel/clock.ts';
import { toBackendError } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { MAX_AUDIT, flatFields, type AuditFields } from './side-writes.ts';

/** What somebody did that changes no record. Errors: backend_unavailable. */
export async function addAudit(
  { redis, keys }: RedisStore,
  fields: AuditFields,
  nowMs: number,
): Promise<void> {
  try {
    const flat = flatFields({ at: toIso(nowMs), ...fields });
    await redis.xadd(keys.safetyAudit(), 'MAXLEN', '~', MAX_AUDIT, '*', ...flat);
  } catch (error) {
    throw toBackendError(error, 'auditing safety');
  }
}
