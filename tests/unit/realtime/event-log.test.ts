import { assert, bigInt, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FleetEvent } from '../../../src/contracts/fleet-event.ts';
import { isWanted } from '../../../src/realtime/event-filter.ts';
import { compareIds, gapAfter } from '../../../src/realtime/follow-log.ts';

const base = { event_id: '1-0', timestamp: '2026-01-01T00:00:00.000Z', source: 's' };
const bob: FleetEvent = {
  ...base,
  event_type: 'agent_status',
  agent_id: 'bob:b1',
  agent_type: 'bob',
  instance: 'b1',
  kind: 'lost',
  status: 'offline',
  metadata: {},
};
const circuit: FleetEvent = {
  ...base,
  event_type: 'circuit_breaker',
  breaker: 'agent.ipa',
  state: 'open',
  previous_state: 'closed',
  reason: 'circuit_transition',
};

describe('a filter', () => {
  test.each([
    [{}, true, true],
    [{ eventTypes: [] }, true, true],
    [{ eventTypes: ['circuit_breaker'] as const }, false, true],
    [{ agentTypes: ['bob', 'carl'] }, true, true],
    [{ agentTypes: ['carl'] }, false, true],
    [{ agentIds: ['bob:b2'] }, false, true],
    [{ agentIds: ['bob:b1'], strict: true }, true, false],
    [{ agentTypes: ['bob'], agentIds: ['bob:b2'] }, false, true],
  ])('%j', (filter, wantsBob, wantsCircuit) => {
    expect([isWanted(bob, filter), isWanted(circuit, filter)]).toEqual([wantsBob, wantsCircuit]);
  });
});

describe('who comes back', () => {
  const ends = { oldest: '10-2', newest: '20-0' };
  test.each([
    ['10-2', null],
    ['15-0', null],
    ['20-0', null],
    // From the first that is kept is no gap.
    ['0', null],
    ['0-0', null],
    ['10-1', 'retention'],
    ['9', 'retention'],
    ['20-1', 'log_reset'],
  ])('after %s is told of the gap %s', (after, reason) => {
    expect(gapAfter(after, ends)?.reason ?? null).toBe(reason);
  });

  test('after the log was lost is told so', () => {
    expect(gapAfter('5-0', null)).toEqual({
      event_type: 'gap',
      from_id: '5-0',
      oldest_available_id: null,
      reason: 'log_reset',
    });
  });

  test('ids are ordered as Redis orders them, whatever their length', () => {
    const id = tuple(bigInt({ min: 0n, max: 2n ** 63n }), bigInt({ min: 0n, max: 2n ** 63n }));
    assert(
      property(id, id, ([a, b], [c, d]) => {
        const expected = a === c ? (b === d ? 0 : b < d ? -1 : 1) : a < c ? -1 : 1;
        expect(compareIds(`${a}-${b}`, `${c}-${d}`)).toBe(expected);
      }),
    );
  });
});
