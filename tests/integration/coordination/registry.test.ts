import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agent, kinds, Town } from '../../support/agents.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

const BOB = { type: 'bob', instance: 'b1' };

describe('registering', () => {
  test('writes a record that everybody reads', async () => {
    await using town = new Town(server.url);
    const one = town.registry();
    const handle = await one.register(
      agent({ version: '1.2.3', resources: { cpu_threads: 2 }, metadata: { floor: 1 } }),
    );
    const view = await town.registry().get(BOB);
    expect(view).toMatchObject({
      id: BOB,
      text: 'bob:b1',
      isAlive: true,
      record: {
        name: 'bob:b1',
        registration_id: handle.registrationId,
        pid: process.pid,
        version: '1.2.3',
        status: { running: true, degraded: false, degraded_by: null, status: 'idle', reason: null },
        metrics: { requests: 0, errors: 0, in_flight: 0, concurrency: 2 },
        performance: null,
        heartbeat_ttl_s: 60,
        resources: { cpu_threads: 2 },
        capabilities: [],
        metadata: { floor: 1 },
      },
    });
    const [seconds] = await town.redis.time();
    expect(Math.abs(Date.parse(view!.record.last_heartbeat) - seconds! * 1000)).toBeLessThan(10_000);
    expect(kinds(await one.events())).toEqual(['registered bob:b1']);
    expect(await town.registry().list()).toEqual([expect.objectContaining({ text: 'bob:b1' })]);
  });
});
