import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LocalAgent } from '../../../src/coordination/agents/local-agent.ts';
import { checkCapabilitySet } from '../../../src/coordination/capabilities/store.ts';
import { SetReader } from '../../../src/coordination/capabilities/set-reader.ts';
import { AgentRecord } from '../../../src/coordination/models/agent-record.ts';
import { AgentCapabilitySet } from '../../../src/coordination/models/capability.ts';
import { isWrittenRecord } from '../../../src/coordination/models/written-record.ts';
import { agent } from '../../support/agents.ts';
import { skill } from '../../support/capabilities.ts';

/** Thousands of records and sets are read without the schema; it must never be missed. */

const anyOdd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(-1, 0.5, '', '2026-02-30T00:00:00.000Z', '2026-01-31T24:00:00.000Z', [], {}),
  fc.constantFrom<unknown>({ cpu_threads: 0 }, { deep: { er: 1 } }, ['a', 1], {
    __proto__: null,
    toString: 1,
  }),
);

/** A value with one of its members, however deep, replaced, added or taken away. */
function mutate(value: unknown, path: readonly number[], odd: unknown, act: string): unknown {
  if (typeof value !== 'object' || value === null || path.length === 0) return odd;
  const copy: Record<string, unknown> = { ...(value as Record<string, unknown>) };
  const names = Object.keys(copy);
  const name = names[path[0]! % Math.max(1, names.length)];
  const isHere = path.length === 1 || name === undefined || typeof copy[name] !== 'object';
  if (!isHere) copy[name] = mutate(copy[name], path.slice(1), odd, act);
  else if (act === 'add' || name === undefined) copy['more'] = odd;
  else if (act === 'remove') delete copy[name];
  else copy[name] = odd;
  return copy;
}

const anyMutation = fc.record({
  path: fc.array(fc.nat(20), { minLength: 1, maxLength: 2 }),
  odd: anyOdd,
  act: fc.constantFrom('replace', 'add', 'remove'),
});

describe('the record of an agent', () => {
  const local = new LocalAgent(agent({ type: 'bob', instance: 'b1', metadata: { queue: 'ipa', n: 1 } }));
  const head = { registration_id: local.registrationId, heartbeat_ttl_s: 30 };
  const written = (): unknown =>
    JSON.parse(JSON.stringify({ ...head, last_heartbeat: '2026-01-31T23:59:59.999Z', ...local.record() }));

  test('is known as a heartbeat writes it, before and after its first calls', () => {
    local.setCapabilityNames(['weave@1.0.0']);
    expect(isWrittenRecord(written(), 'bob:b1')).toBe(true);
    local.begin();
    local.end('failure', 5);
    local.degraded = { by: 'operator', reason: 'tired' };
    expect(isWrittenRecord(written(), 'bob:b1')).toBe(true);
    expect(isWrittenRecord(written(), 'bob:b2')).toBe(false);
  });

  test('is not known when JSON carries a number that is none', () => {
    const text = JSON.stringify(written());
    for (const [found, odd] of [
      ['"n":1', '"n":1e999'],
      ['"heartbeat_ttl_s":30', '"heartbeat_ttl_s":1e999'],
      [/"uptime_s":[\d.]+/, '"uptime_s":1e999'],
    ] as const) {
      const value: unknown = JSON.parse(text.replace(found, odd));
      expect(JSON.stringify(value)).not.toBe(text);
      expect(isWrittenRecord(value, 'bob:b1')).toBe(false);
    }
  });

  test('is never taken for one when the schema refuses it or would change it', () => {
    let accepted = 0;
    fc.assert(
      fc.property(anyMutation, fc.boolean(), ({ path, odd, act }, isTwice) => {
        const once = mutate(written(), path, odd, act);
        const value: unknown = JSON.parse(JSON.stringify(isTwice ? mutate(once, path, odd, act) : once));
        if (!isWrittenRecord(value, 'bob:b1')) return;
        accepted += 1;
        expect(AgentRecord.parse(value)).toEqual(value);
      }),
      { numRuns: 1500 },
    );
    expect(accepted).toBeGreaterThan(10);
  });
});

describe('a set of capabilities', () => {
  const stored = (name: string, set: object = {}): string => {
    const checked = checkCapabilitySet(name, { capabilities: [skill(), skill({ name: 'knit' })], ...set });
    return JSON.stringify({ ...checked, last_updated: checked.last_updated ?? '2026-01-02T03:04:05.678Z' });
  };

  test('is the same whether its list was read before or not, and the list is read once', () => {
    const reader = new SetReader();
    const texts = ['w1', 'w2', 'w3'].map((name) =>
      stored(`weaver:${name}`, { priority: 7, version: '2.1.0' }),
    );
    const sets = texts.map((json, at) => reader.read(`weaver:w${at + 1}`, json)!);
    expect(sets).toEqual(texts.map((json) => AgentCapabilitySet.parse(JSON.parse(json))));
    expect(sets[1]!.capabilities).toBe(sets[0]!.capabilities);
    expect(reader.read('weaver:w9', texts[0]!)).toBeUndefined();
  });

  test('is refused or read as the schema says, however it is written', () => {
    const reader = new SetReader();
    const whole = stored('weaver:w1');
    reader.read('weaver:w1', whole);
    const anyText = fc.oneof(
      anyMutation.map(({ path, odd, act }) => JSON.stringify(mutate(JSON.parse(whole), path, odd, act))),
      // A piece of the text is cut out or doubled.
      fc.tuple(fc.nat(700), fc.nat(40), fc.boolean()).map(([from, length, isTwice]) => {
        const piece = isTwice ? whole.slice(from, from + length) : '';
        return whole.slice(0, from) + piece + piece + whole.slice(from + length);
      }),
    );
    fc.assert(
      fc.property(anyText, (json) => {
        let value: unknown;
        try {
          value = JSON.parse(json);
        } catch {
          value = undefined;
        }
        const { data } = AgentCapabilitySet.safeParse(value);
        expect(reader.read('weaver:w1', json)).toEqual(data?.agent_id === 'weaver:w1' ? data : undefined);
      }),
      { numRuns: 600 },
    );
  });
});
