import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CoordinatedAgent } from '../../../src/coordination/agents/agent.ts';
import { CallWindow } from '../../../src/coordination/agents/call-window.ts';
import { instanceName } from '../../../src/coordination/agents/instance-name.ts';
import { LocalAgent } from '../../../src/coordination/agents/local-agent.ts';
import { RegistrySettings } from '../../../src/coordination/agents/settings.ts';
import { exportState, readState, restoreState } from '../../../src/coordination/agents/state.ts';
import { CoordinationValidationError } from '../../../src/coordination/errors.ts';
import { AgentInstance } from '../../../src/coordination/models/agent-id.ts';
import { AgentRecord } from '../../../src/coordination/models/agent-record.ts';
import { NO_LOGGER } from '../../../src/coordination/ports.ts';
import { parseInput } from '../../../src/coordination/validate.ts';
import { agent } from '../../support/agents.ts';

describe('the settings of agents', () => {
  test('are those of the reference where nothing is given', () => {
    expect(RegistrySettings.parse({})).toEqual({
      heartbeatTtlMs: 30_000,
      heartbeatIntervalMs: 10_000,
      recordRetentionMs: 86_400_000,
      stateRetentionMs: 86_400_000,
      maxStateBytes: 1_048_576,
      lossDetectionIntervalMs: 1000,
      eventsMaxLen: 10_000,
    });
  });

  test('beat at least twice in a life unless they say otherwise, and at most once a second in lives of two', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 300_000 }), (heartbeatTtlMs) => {
        const { heartbeatIntervalMs } = RegistrySettings.parse({ heartbeatTtlMs });
        expect(heartbeatIntervalMs).toBeGreaterThan(0);
        expect(heartbeatIntervalMs * 2).toBeLessThanOrEqual(heartbeatTtlMs);
        if (heartbeatTtlMs >= 2000) expect(heartbeatIntervalMs).toBeGreaterThanOrEqual(1000);
      }),
    );
  });

  test('refuse an interval that is not between 0 and the TTL, by name', () => {
    for (const heartbeatIntervalMs of [30_000, 30_001, 0, -1]) {
      const parse = () =>
        parseInput(RegistrySettings, { heartbeatTtlMs: 30_000, heartbeatIntervalMs }, 'agents');
      expect(parse).toThrow(/agents\.heartbeatIntervalMs: must be/);
    }
    expect(() => RegistrySettings.parse({ heartbeatTtl: 3 })).toThrow(/heartbeatTtl/);
    expect(() => RegistrySettings.parse({ heartbeatTtlMs: 5000, recordRetentionMs: 4000 })).toThrow(
      /recordRetentionMs/,
    );
  });
});

test('a name made of any host, process and chance is one an agent may have', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), fc.nat(4_194_304), (host, pid) => {
      const name = instanceName(host, pid, 'a1b2c3');
      expect(AgentInstance.safeParse(name).success, name).toBe(true);
      expect(name.endsWith(`-${pid}-a1b2c3`)).toBe(true);
    }),
  );
  expect(instanceName('web-1.example.org', 7, 'a1b2c3')).toBe('web-1-example-org-7-a1b2c3');
});

test('the figures of calls are those of the last hundred', () => {
  const calls = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 5000 })), { maxLength: 350 });
  fc.assert(
    fc.property(calls, (all) => {
      const window = new CallWindow();
      for (const [isFailure, ms] of all) window.add(isFailure, ms);
      const last = all.slice(-100);
      const sorted = last.map(([, ms]) => ms).sort((a, b) => a - b);
      if (last.length === 0) expect(window.figures()).toBeNull();
      else
        expect(window.figures()).toEqual({
          p50_ms: sorted[Math.ceil(last.length / 2) - 1],
          p95_ms: sorted[Math.ceil(last.length * 0.95) - 1],
          avg_ms: Math.round((sorted.reduce((sum, ms) => sum + ms, 0) / last.length) * 10) / 10,
          error_rate: last.filter(([isFailure]) => isFailure).length / last.length,
          window: last.length,
        });
    }),
  );
});

describe('an agent of this process', () => {
  test('is refused with everything that is wrong with it', () => {
    const wrong = {
      type: '1',
      instance: 'a:b',
      concurrency: 0,
      resources: { cpu_threads: 0 },
      process: undefined,
      healthCheck: 'healthy',
    } as unknown as CoordinatedAgent;
    const refusal = (() => {
      try {
        return new LocalAgent(wrong);
      } catch (error) {
        return error;
      }
    })();
    expect(refusal).toBeInstanceOf(CoordinationValidationError);
    const { issues } = refusal as CoordinationValidationError;
    expect(issues.map(({ path }) => path)).toEqual([
      'agent.type',
      'agent.instance',
      'agent.concurrency',
      'agent.resources.cpu_threads',
      'agent.process',
      'agent.healthCheck',
    ]);
  });

  test('gets a name of its own when it has none, and does four things at once unless told', () => {
    const { instance: _, ...nameless } = agent();
    const [one, other] = [new LocalAgent(nameless), new LocalAgent(nameless)];
    expect(one.text).not.toBe(other.text);
    expect(one.concurrency).toBe(4);
    expect(new LocalAgent(agent({ resources: { cpu_threads: 2 } })).concurrency).toBe(2);
    expect(new LocalAgent(agent({ resources: { cpu_threads: 2 }, concurrency: 9 })).concurrency).toBe(9);
  });

  test('tells what it does in a record that reads back', () => {
    const one = new LocalAgent(agent({ name: 'Bob' }));
    const told = () =>
      AgentRecord.parse({
        ...one.record(),
        registration_id: one.registrationId,
        heartbeat_ttl_s: 30,
        last_heartbeat: new Date(0).toISOString(),
      });
    expect(told()).toMatchObject({
      name: 'Bob',
      status: { running: true, status: 'idle' },
      performance: null,
    });
    one.begin();
    one.begin();
    expect(told()).toMatchObject({ status: { status: 'busy' }, metrics: { in_flight: 2, requests: 0 } });
    one.end('failure', 30);
    one.end('none', 99);
    one.begin();
    one.end('success', 10);
    expect(told()).toMatchObject({
      status: { status: 'idle' },
      metrics: { in_flight: 0, requests: 2, errors: 1 },
      performance: { p50_ms: 10, p95_ms: 30, avg_ms: 20, error_rate: 0.5, window: 2 },
    });
    one.setCondition('error');
    expect(told().status.status).toBe('error');
    one.markStopped();
    expect(told().status).toMatchObject({ running: false, status: 'stopped' });
  });
});

describe('the state of an agent', () => {
  const envelope = (change: object = {}): string =>
    JSON.stringify({
      schema_version: 1,
      saved_at: '2026-01-01T00:00:00.000Z',
      registration_id: '6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b',
      state: { seen: 3 },
      ...change,
    });
  const now = Date.parse('2026-01-01T00:10:00.000Z');

  test('is given to the next incarnation with its age and what that had to drop', async () => {
    const given: unknown[] = [];
    const importState = async (state: unknown) => {
      given.push(state);
      return ['old'];
    };
    const restored = await restoreState(agent({ importState }), envelope(), now, NO_LOGGER);
    expect(given).toEqual([{ seen: 3 }]);
    expect(restored).toEqual({
      event: { kind: 'state_restored', details: { age_s: 600, dropped: ['old'] } },
      isRejected: false,
    });
  });

  test('is rejected with a reason, and never with a piece of it', async () => {
    const importState = async () => {
      throw new TypeError('secret of a player');
    };
    const outcomes = [];
    for (const text of ['{', '[]', envelope({ schema_version: 2 }), envelope({ extra: 1 }), envelope()])
      outcomes.push(await restoreState(agent({ importState }), text, now, NO_LOGGER));
    expect(outcomes.map(({ event }) => event?.details)).toEqual([
      { reason: 'corrupt' },
      { reason: 'corrupt' },
      { reason: 'foreign_version' },
      { reason: 'corrupt' },
      { reason: 'import_failed', error: 'TypeError' },
    ]);
    expect(outcomes.every(({ isRejected }) => isRejected)).toBe(true);
    expect(JSON.stringify(outcomes)).not.toContain('secret');
  });

  test('stays where it is for an agent that takes none', async () => {
    const untouched = { event: null, isRejected: false };
    expect(await restoreState(agent(), '{', now, NO_LOGGER)).toEqual(untouched);
    const importState = async () => undefined;
    expect(await restoreState(agent({ importState }), null, now, NO_LOGGER)).toEqual(untouched);
  });

  test('is exported as JSON or not at all', () => {
    const exported = (state: unknown, maxBytes = 100) =>
      exportState(agent({ exportState: () => state }), maxBytes);
    expect(exportState(agent(), 100)).toBeUndefined();
    expect(exported(undefined)).toBeUndefined();
    expect(exported({ a: [1, null] })).toBe('{"a":[1,null]}');
    expect(() => exported(Promise.resolve({}))).toThrow(/not a promise/);
    for (const odd of [{ a: new Date() }, { a: undefined }, { a: NaN }, () => 1, 1n])
      expect(() => exported(odd)).toThrow(TypeError);
    expect(exported('é'.repeat(49))).toHaveLength(51);
    expect(() => exported('é'.repeat(50))).toThrow(/102 bytes; at most 100/);
  });

  test('reads back as it was wrapped', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (state) => {
        const read = readState(envelope({ state }));
        expect('saved' in read && read.saved.state).toEqual(JSON.parse(JSON.stringify(state)));
      }),
    );
  });
});
