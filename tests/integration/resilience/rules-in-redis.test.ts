import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeRedis, connectRedis, type RedisClient } from '../../../src/redis/connect.ts';
import { breakerConfig, type BreakerConfig } from '../../../src/resilience/breaker-config.ts';
import {
  acquire,
  CLOSED_RECORD,
  isRecoveryOverdue,
  recordFailure,
  recordIgnored,
  recordSuccess,
  refusalOf,
  toClosed,
  toOpen,
  type BreakerRecord,
  type Ticket,
} from '../../../src/resilience/breaker-rules.ts';
import { CircuitStore, storedConfig } from '../../../src/resilience/shared/circuit-store.ts';
import type { CircuitAnswer } from '../../../src/resilience/shared/circuit-report.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let redis: RedisClient;
beforeAll(async () => {
  server = await acquireRedis();
  redis = await connectRedis({ url: server.url, name: 'test', onOutage: 'fail_fast' });
});
afterAll(async () => {
  await closeRedis(redis);
  await server[Symbol.asyncDispose]();
});

const configs = fc
  .record({
    enabled: fc.constantFrom(true, true, true, false),
    failure_threshold: fc.integer({ min: 1, max: 4 }),
    timeout_seconds: fc.constantFrom(1, 2.5),
    recovery_timeout_seconds: fc.constantFrom(60, 120),
    half_open_max_calls: fc.integer({ min: 2, max: 4 }),
    success_threshold: fc.integer({ min: 1, max: 2 }),
    failure_window_seconds: fc.constantFrom(1, 1, 30),
  })
  .map((settings) => breakerConfig('model', settings));

const step = fc.record({
  what: fc.constantFrom(
    ...(['acquire', 'acquire', 'acquire', 'failure', 'failure', 'success', 'success'] as const),
    ...(['ignored', 'wait', 'wait', 'reset', 'open'] as const),
  ),
  which: fc.nat(3),
  // Few lengths, so that leases, periods and windows end at the very moment of a question.
  ms: fc.constantFrom<number[]>(500, 1000, 1000, 2500, 60_000),
});
const histories = fc.record({ config: configs, steps: fc.array(step, { minLength: 5, maxLength: 80 }) });

type History = typeof histories extends fc.Arbitrary<infer H> ? H : never;
const scripted = (...list: [History['steps'][number]['what'], number?][]): History['steps'] =>
  list.map(([what, ms = 500]) => ({ what, which: 0, ms }));

/** A failure at the very moment at which the one before lapses. */
const WINDOW_ENDS: History = {
  config: breakerConfig('model', { failure_window_seconds: 1 }),
  steps: scripted(['acquire'], ['failure'], ['wait', 1000], ['failure'], ['failure'], ['acquire']),
};
/** A call at the very moment at which the slot of a trial call is taken back. */
const LEASE_ENDS: History = {
  config: breakerConfig('model', { timeout_seconds: 1, half_open_max_calls: 2 }),
  steps: scripted(
    ['open'],
    ['wait', 1000],
    ['acquire'],
    ['acquire'],
    ['acquire'],
    ['wait', 500],
    ['acquire'],
  ),
};

const prefix = testPrefix();
const START = 1_700_000_000_000;

/** What both must agree on; epochs are counted from the beginning. */
function seenOf(record: BreakerRecord, config: BreakerConfig, now: number) {
  return {
    state: record.state,
    epoch: record.epoch,
    failures: record.failures,
    successes: record.successes,
    firstOpenedAt: record.firstOpenedAt,
    retryAfterMs: Math.ceil(refusalOf(record, config, now)?.retryAfterMs ?? 0),
  };
}

function toldOf({ report }: CircuitAnswer) {
  return {
    state: report.state,
    epoch: report.epoch - START,
    failures: report.failures,
    successes: report.successes,
    firstOpenedAt: report.firstOpenedAt,
    retryAfterMs: report.retryAfterMs,
  };
}

test('[C6] whatever happens to a circuit, Redis decides as the rules do', async () => {
  let circuits = 0;
  await fc.assert(
    fc.asyncProperty(histories, async ({ config, steps }) => {
      let now = START;
      let record = CLOSED_RECORD;
      let calls = 0;
      let wasOverdue = false;
      const name = `model-${(circuits += 1)}`;
      const store = new CircuitStore({ redis, prefix, by: 'model', now: () => now });
      const stored = storedConfig(config);
      const tickets: Ticket[] = [];
      await store.look(name, stored); // its epochs are counted from here
      for (const { what, which, ms } of steps) {
        // Mostly a recent one: those of older epochs change nothing.
        const ticket = tickets.at(-1 - which);
        let answer: CircuitAnswer | undefined;
        if (what === 'wait') now += ms;
        if (what === 'acquire') {
          const probeId = String((calls += 1));
          const decided = acquire(record, config, now, probeId, ms);
          record = decided.record;
          answer = await store.acquire(name, stored, probeId, ms);
          if (decided.admission.permitted) {
            tickets.push(decided.admission.ticket);
            const isTrial = decided.admission.ticket.probeId !== undefined;
            expect(answer.verdict).toBe(isTrial ? 'trial' : 'permitted');
          } else {
            expect(answer.verdict).toBe(decided.admission.reason);
          }
        }
        if (what === 'reset' || what === 'open') {
          record = what === 'reset' ? toClosed(record) : toOpen(record, now);
          answer = (await store.change(name, what, stored))!;
        }
        if (ticket !== undefined && what === 'success') {
          record = recordSuccess(record, config, ticket);
          answer = await store.success(name, stored, START + ticket.epoch, ticket.probeId);
        }
        if (ticket !== undefined && what === 'failure') {
          record = recordFailure(record, config, now, ticket);
          answer = await store.failure(name, stored, START + ticket.epoch);
        }
        if (ticket !== undefined && what === 'ignored') {
          record = recordIgnored(record, ticket);
          answer = await store.release(name, stored, START + ticket.epoch, ticket.probeId ?? '');
        }
        // A look must change nothing.
        if (which === 0) answer = await store.look(name, stored);
        if (answer === undefined) continue;
        expect(toldOf(answer)).toEqual(seenOf(record, config, now));
        if (answer.report.isOverdue) expect(isRecoveryOverdue(record, config, now)).toBe(true);
        const toldOverdue = answer.events.includes('circuit_recovery_overdue');
        expect(toldOverdue && wasOverdue).toBe(false);
        wasOverdue = record.firstOpenedAt !== null && (wasOverdue || toldOverdue);
      }
      const listed = await store.find(name);
      expect(listed).toMatchObject({ state: record.state, failures: record.failures });
    }),
    { numRuns: 120, examples: [[WINDOW_ENDS], [LEASE_ENDS]] },
  );
});
