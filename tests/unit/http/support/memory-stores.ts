import type { AuditEntry, AuditLog } from '../../../../src/http/audit.ts';
import type { HttpConfig, HttpStores } from '../../../../src/http/deps.ts';
import type { IdempotencyStore, StoredOutcome } from '../../../../src/http/idempotency.ts';
import { ruleOf, type RateLimiter } from '../../../../src/http/rate-limit.ts';
import { storeUnavailable } from '../../../../src/http/bounded.ts';
import type { RunId } from '../../../../src/kernel/ids.ts';

export class MemoryAudit implements AuditLog {
  readonly entries: AuditEntry[] = [];
  isDown = false;

  async append(entry: AuditEntry): Promise<void> {
    if (this.isDown) throw storeUnavailable('the audit entry was not written');
    this.entries.push(entry);
  }
}

export function createMemoryStores(limits: HttpConfig['rate_limits']): HttpStores & { audit: MemoryAudit } {
  return { idempotency: createClaims(), rateLimiter: createCounters(limits), audit: new MemoryAudit() };
}

function createClaims(): IdempotencyStore {
  const claims = new Map<
    string,
    { fingerprint: string; owner: string; runId: RunId; isReleased: boolean; outcome?: StoredOutcome }
  >();
  return {
    async claim(id, { fingerprint, owner, runId }) {
      const known = claims.get(id);
      if (known === undefined) {
        claims.set(id, { fingerprint, owner, runId, isReleased: false });
        return { state: 'claimed', runId };
      }
      if (known.fingerprint !== fingerprint) return { state: 'mismatch' };
      if (known.outcome) return { state: 'done', outcome: known.outcome };
      if (!known.isReleased) return { state: 'in_flight' };
      claims.set(id, { ...known, owner, isReleased: false });
      return { state: 'claimed', runId: known.runId };
    },
    async renew() {},
    async finish(id, _owner, outcome) {
      claims.get(id)!.outcome = outcome;
    },
    async release(id) {
      claims.get(id)!.isReleased = true;
    },
  };
}

function createCounters(limits: HttpConfig['rate_limits']): RateLimiter {
  const counts = new Map<string, number>();
  return {
    async consume(rateClass, who, perSecond) {
      const rule = ruleOf(rateClass, limits, perSecond);
      const used = (counts.get(`${rateClass} ${who}`) ?? 0) + 1;
      counts.set(`${rateClass} ${who}`, used);
      const remaining = Math.max(0, rule.points - used);
      return { isAllowed: used <= rule.points, rule, remaining, resetMs: rule.windowSeconds * 1000 };
    },
  };
}
