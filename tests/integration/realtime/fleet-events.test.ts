import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFleetClient } from '../../../src/client/client.ts';
import type { FleetEvent } from '../../../src/contracts/fleet-event.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { EventLog } from '../../../src/realtime/event-log.ts';
import { startApiRole, type ApiRole } from '../../../src/runtime/api-role.ts';
import { openCore } from '../../../src/runtime/core.ts';
import { createFleetLog } from '../../../src/runtime/fleet-log.ts';
import { openCoordination } from '../../../src/runtime/open-coordination.ts';
import { quickConfig } from '../../../src/testing/settings.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

type Config = ReturnType<typeof quickConfig>;

function fleet(): Config {
  return quickConfig(server.url, {
    port: '0',
    'safety.enabled': 'false',
    'shutdown.drain_delay': '0',
    'realtime.events.stream_max_len': '100',
  });
}

const parts = (config: Config) => ({
  config,
  redisUrl: server.url,
  log: createFleetLog(config, 'api', 'a'),
  metrics: createMetrics({ role: 'api', version: '0' }),
});
const startApi = (config: Config): Promise<ApiRole> => startApiRole(parts(config));

const bob = (instance: string) => ({ type: 'bob', instance, process: async () => undefined });
const told = (event: FleetEvent): string =>
  event.event_type === 'agent_status'
    ? `${event.kind} ${event.agent_id} ${event.status}`
    : `${event.breaker} ${event.previous_state} > ${event.state}`;

async function take(events: AsyncGenerator, n: number): Promise<FleetEvent[]> {
  const taken: FleetEvent[] = [];
  while (taken.length < n) {
    const next = await events.next();
    if (next.done === true) throw new Error('the stream has ended');
    taken.push(next.value as FleetEvent);
  }
  return taken;
}

test('[C3.1] what agents and circuits tell reaches who follows the fleet, once although two processes hear it', async () => {
  const config = fleet();
  const [one, two] = await Promise.all([startApi(config), startApi(config)]);
  try {
    const client = createFleetClient({ baseUrl: one.url });
    const stop = new AbortController();
    const events = client.fleetEvents({ after: '0', signal: stop.signal });
    await one.coordination.registry.register(bob('b1'));
    await two.coordination.registry.setDegraded({ type: 'bob', instance: 'b1' }, true, 'tired');
    expect((await take(events, 2)).map(told)).toEqual([
      'registered bob:b1 online',
      'degraded bob:b1 degraded',
    ]);

    await one.core.circuits.change('agent.nga', 'open', '{}');
    const [opened] = await take(events, 1);
    expect(told(opened!)).toBe('agent.nga closed > open');
    await two.core.circuits.change('agent.nga', 'reset');
    await one.coordination.registry.deregister({ type: 'bob', instance: 'b1' }, { reason: 'enough' });
    expect((await take(events, 2)).map(told).toSorted()).toEqual([
      'agent.nga open > closed',
      'deregistered bob:b1 offline',
    ]);

    // Everything once, in the log that both processes serve; and from any place in it.
    const all = await createFleetClient({ baseUrl: two.url }).listFleetEvents({ limit: 100 });
    expect(all.items.map(told)).toHaveLength(5);
    const after = await client.listFleetEvents({ after: opened!.event_id, eventTypes: ['circuit_breaker'] });
    expect(after.items.map(told)).toEqual(['agent.nga open > closed']);
    const [again] = await take(client.fleetEvents({ after: all.items[1]!.event_id, signal: stop.signal }), 1);
    expect(again).toEqual(all.items[2]);
    stop.abort();
  } finally {
    await Promise.all([one.close(), two.close()]);
  }
});

test('what happened while no process copied it is caught up with', async () => {
  const config = fleet();
  const first = await startApi(config);
  const { registry } = first.coordination;
  await registry.register(bob('b1'));
  await expect
    .poll(async () => (await first.operations.listFleetEvents({}, { limit: 9 })).items)
    .toHaveLength(1);
  await first.core.circuits.change('agent.ipa', 'reset', '{}');
  await first.close();

  // It has agents and circuits, and no API.
  const worker = await openCore({ ...parts(config), onOutage: 'fail_fast' });
  const coordination = openCoordination(worker);
  await coordination.registry.register(bob('b2'));
  await worker.circuits.change('agent.ipa', 'open', '{}');
  await coordination.close();

  const second = await startApi(config);
  try {
    await expect
      .poll(async () =>
        (await second.operations.listFleetEvents({}, { limit: 9 })).items.map(told).toSorted(),
      )
      .toEqual(
        expect.arrayContaining([
          'agent.ipa null > open',
          'deregistered bob:b2 offline',
          'registered bob:b1 online',
          'registered bob:b2 online',
        ]),
      );
    const { items } = await second.operations.listFleetEvents({}, { limit: 100 });
    expect(new Set(items.map(told)).size).toBe(items.length);
  } finally {
    await Promise.all([worker.close(), second.close()]);
  }
});

test('what is older than is kept goes, and who comes back too late is told of the gap', async () => {
  const config = fleet();
  const api = await startApi(config);
  try {
    const { store } = api.core;
    const log = new EventLog(store, { maxLen: 100, retentionMs: 3_600_000 });
    const event = {
      event_type: 'circuit_breaker',
      timestamp: '2026-01-01T00:00:00.000Z',
      source: 'circuits',
      breaker: 'b',
      state: 'open',
      previous_state: 'closed',
      reason: 'circuit_transition',
    } as const;
    await log.append({ source: 's', mode: 'newer', mark: '1' }, [event]);
    const [first] = await log.newest({}, 1);
    const many = Array.from({ length: 400 }, () => event);
    expect(await log.append({ source: 's', mode: 'newer', mark: '2' }, many)).toBe(true);
    expect(await log.append({ source: 's', mode: 'newer', mark: '2' }, many)).toBe(false);
    expect(await store.redis.xlen(store.keys.fleetEvents())).toBeLessThan(400);

    const client = createFleetClient({ baseUrl: api.url });
    const stop = new AbortController();
    const back = client.fleetEvents({ after: first!.event_id, signal: stop.signal });
    const [gap, next] = await take(back, 2);
    expect(gap).toMatchObject({ event_type: 'gap', reason: 'retention', from_id: first!.event_id });
    expect(next).toMatchObject({ event_type: 'circuit_breaker' });
    stop.abort();
  } finally {
    await api.close();
  }
});
