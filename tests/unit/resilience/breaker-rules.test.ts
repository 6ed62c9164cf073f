import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { breakerConfig } from '../../../src/resilience/breaker-config.ts';
import {
  acquire,
  CLOSED_RECORD,
  recordFailure,
  recordIgnored,
  recordSuccess,
  refusalOf,
  toOpen,
  type BreakerRecord,
  type Ticket,
} from '../../../src/resilience/breaker-rules.ts';

const config = breakerConfig('test', {});
const OPEN_MS = config.timeout_seconds * 1000;

function halfOpen(): BreakerRecord {
  const { record, admission } = acquire(toOpen(CLOSED_RECORD, 0), config, OPEN_MS, 'p', 100);
  if (!admission.permitted) throw new Error('expected a trial call');
  return recordIgnored(record, admission.ticket);
}

test('an open circuit says how long it stays open, and lets the next call after that try', () => {
  const open = toOpen(CLOSED_RECORD, 1000);
  expect(refusalOf(open, config, 1000)).toEqual({ reason: 'circuit_breaker_open', retryAfterMs: OPEN_MS });
  expect(refusalOf(open, config, 1000 + OPEN_MS - 1)).toMatchObject({ retryAfterMs: 1 });
  expect(refusalOf(open, config, 1000 + OPEN_MS)).toBeUndefined();
});

test('a trial call without a result frees its slot when its lease ends', () => {
  let record = halfOpen();
  for (const id of ['a', 'b', 'c']) ({ record } = acquire(record, config, OPEN_MS, id, 500));
  expect(refusalOf(record, config, OPEN_MS + 499)).toEqual({
    reason: 'half_open_max_calls_reached',
    retryAfterMs: 1,
  });
  expect(refusalOf(record, config, OPEN_MS + 500)).toBeUndefined();
});

test('the count of failures lapses after the failure window', () => {
  const ticket: Ticket = { epoch: 0, probeId: undefined };
  let record = CLOSED_RECORD;
  for (const now of [0, 1, 2, 3]) record = recordFailure(record, config, now, ticket);
  expect(record.failures).toBe(4);
  record = recordFailure(record, config, 3 + config.failure_window_seconds * 1000, ticket);
  expect(record).toMatchObject({ state: 'closed', failures: 1 });
});

test('a disabled breaker permits everything and counts nothing', () => {
  const disabled = breakerConfig('test', { enabled: false });
  const ticket: Ticket = { epoch: 0, probeId: undefined };
  expect(recordFailure(CLOSED_RECORD, disabled, 0, ticket)).toBe(CLOSED_RECORD);
  expect(acquire(toOpen(CLOSED_RECORD, 0), disabled, 0, 'p', 1).admission.permitted).toBe(true);
});

test('whatever happens, trial calls never exceed their number and epochs never fall', () => {
  const steps = fc.array(
    fc.record({
      what: fc.constantFrom('acquire', 'success', 'failure', 'ignored', 'wait'),
      which: fc.nat(20),
      ms: fc.constantFrom(1, 100, 1000, 60_000),
    }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(steps, (list) => {
      let record = CLOSED_RECORD;
      let now = 0;
      let calls = 0;
      const tickets: Ticket[] = [];
      for (const { what, which, ms } of list) {
        const before = record;
        if (what === 'wait') now += ms;
        if (what === 'acquire') {
          const answer = acquire(record, config, now, String(calls++), ms);
          expect(answer.admission.permitted).toBe(refusalOf(record, config, now) === undefined);
          if (answer.admission.permitted) tickets.push(answer.admission.ticket);
          else expect(answer.admission.retryAfterMs).toBeGreaterThan(0);
          record = answer.record;
        }
        const ticket = tickets[which % Math.max(1, tickets.length)];
        if (ticket !== undefined && what === 'success') record = recordSuccess(record, config, ticket);
        if (ticket !== undefined && what === 'failure') record = recordFailure(record, config, now, ticket);
        if (ticket !== undefined && what === 'ignored') record = recordIgnored(record, ticket);

        expect(record.probes.size).toBeLessThanOrEqual(config.half_open_max_calls);
        expect(record.epoch).toBeGreaterThanOrEqual(before.epoch);
        if (record.state !== before.state) expect(record.epoch).toBe(before.epoch + 1);
        expect(record.firstOpenedAt === null).toBe(record.state === 'closed');
      }
    }),
  );
});
