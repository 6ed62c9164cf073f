import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentRegistry } from '../../../src/coordination/agents/registry.ts';
import { Capabilities } from '../../../src/coordination/capabilities/capabilities.ts';
import type { CapabilityMatch } from '../../../src/coordination/models/capability-search.ts';
import { openCoordinationCore } from '../../../src/coordination/open-core.ts';
import { agent, Town } from '../../support/agents.ts';
import { house, skill, type House } from '../../support/capabilities.ts';
import { Post } from '../../support/coordination.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

const WEAVER = { type: 'weaver', instance: 'w1' };
const names = (matches: readonly CapabilityMatch[]): string[] => matches.map(({ agent_id }) => agent_id);

/** An agent with these capabilities; the default one weaves. */
async function settle({ registry, capabilities }: House, instance: string, set: object = {}) {
  const registered = await registry.register(agent({ type: 'weaver', instance, concurrency: 4 }));
  await capabilities.register(registered.id, { capabilities: [skill()], ...set });
  return registered;
}

async function find(one: House, criteria: object = { capability_name: 'weave' }, options: object = {}) {
  return one.capabilities.discover(criteria, options);
}

describe('advertising', () => {
  test('[R8.1] an agent of any type is found by what it can do, from any process', async () => {
    await using town = new Town(server.url);
    const [one, two] = [house(town), house(town)];
    await settle(one, 'w1');
    const found = await find(two);
    expect(found).toMatchObject({
      matches: [
        {
          agent_id: 'weaver:w1',
          capability: { name: 'weave', version: '1.0.0', status: 'active' },
          match_score: 0.96,
          exact_match: true,
          version_match: true,
          performance_match: true,
          agent_load_factor: 0,
          agent_availability: true,
          estimated_wait_time_ms: null,
        },
      ],
      total_agents_searched: 1,
      cache_hit: false,
    });
    const [seconds] = await town.redis.time();
    expect(Math.abs(Date.parse(found.discovery_timestamp) - Number(seconds) * 1000)).toBeLessThan(10_000);
  });

  test('is refused for an agent that is not registered, dead, or wrong, and leaves no key', async () => {
    await using town = new Town(server.url);
    const one = house(town, { heartbeatTtlMs: 200, heartbeatIntervalMs: 199 });
    const set = { capabilities: [skill()] };
    await expect(one.capabilities.register(WEAVER, set)).rejects.toMatchObject({
      code: 'agent_not_registered',
      kind: 'not_found',
    });
    await one.registry.register(agent(WEAVER));
    await expect(
      one.capabilities.register(WEAVER, { capabilities: [skill({ version: '1' })], speed: 1 } as never),
    ).rejects.toMatchObject({
      code: 'validation',
      issues: expect.arrayContaining([expect.objectContaining({ path: 'capabilities.0.version' })]),
    });
    await expect(one.capabilities.register(WEAVER, { ...set, agent_id: 'weaver:w2' })).rejects.toMatchObject({
      issues: [{ path: 'agent_id' }],
    });
    await one.registry.stop();
    await expect.poll(async () => (await one.registry.get(WEAVER))?.isAlive).toBe(false);
    await expect(one.capabilities.register(WEAVER, set)).rejects.toMatchObject({
      code: 'agent_not_registered',
    });
    expect(await town.redis.exists(town.keys.capabilities('weaver', 'w1'))).toBe(0);
  });

  test('stands for one heartbeat and is renewed by the next, with the load of the moment', async () => {
    await using town = new Town(server.url);
    const one = house(town);
    const registered = await settle(one, 'w1');
    const key = town.keys.capabilities('weaver', 'w1');
    expect(await town.redis.pttl(key)).toBeGreaterThan(50_000);
    await town.redis.pexpire(key, 5000);
    const epoch = await town.redis.get(town.keys.capabilityEpoch());
    registered.begin();
    registered.begin();
    await one.registry.heartbeat();
    expect(await town.redis.pttl(key)).toBeGreaterThan(50_000);
    expect(await town.redis.get(town.keys.capabilityEpoch())).toBe(epoch);
    expect((await find(one)).matches[0]).toMatchObject({ agent_load_factor: 0.5 });
    expect((await one.capabilities.list())[0]).toMatchObject({ agent_id: 'weaver:w1', load_factor: 0.5 });
    await one.registry.heartbeat();
    expect((await one.registry.get(WEAVER))?.record.capabilities).toEqual(['weave@1.0.0']);
  });

  test('a set that Redis lost is there again with the next heartbeat', async () => {
    await using town = new Town(server.url);
    const [one, two] = [house(town), house(town)];
    await settle(one, 'w1');
    await find(two);
    await town.redis.del(
      town.keys.capabilities('weaver', 'w1'),
      town.keys.capabilityIndex(),
      town.keys.capabilityEpoch(),
    );
    expect((await find(two)).matches).toEqual([]);
    await one.registry.heartbeat();
    expect(names((await find(two)).matches)).toEqual(['weaver:w1']);
  });

  test('ends with the agent, and by drop; the epoch grows each time', async () => {
    await using town = new Town(server.url);
    const one = house(town);
    const epochs: number[] = [];
    const look = async (): Promise<string[]> => {
      epochs.push(Number(await town.redis.get(town.keys.capabilityEpoch())));
      return names((await find(one)).matches);
    };
    await settle(one, 'w1');
    await settle(one, 'w2');
    expect(await look()).toEqual(['weaver:w1', 'weaver:w2']);
    await one.registry.deregister(WEAVER);
    expect(await look()).toEqual(['weaver:w2']);
    expect(await one.capabilities.drop({ type: 'weaver', instance: 'w2' }, 'another-incarnation')).toBe(
      false,
    );
    expect(await one.capabilities.drop({ type: 'weaver', instance: 'w2' })).toBe(true);
    expect(await one.capabilities.drop({ type: 'weaver', instance: 'w2' })).toBe(false);
    await one.registry.heartbeat();
    expect(await look()).toEqual([]);
    expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
    expect(await town.redis.exists(town.keys.capabilityIndex(), town.keys.capabilities('weaver', 'w2'))).toBe(
      0,
    );
  });

  test('a change is seen at once by everybody, however often they asked before', async () => {
    await using town = new Town(server.url);
    const [one, two] = [house(town), house(town)];
    await settle(one, 'w1');
    const criteria = { capability_name: 'weave', min_version: '2.0.0' };
    expect((await find(two, criteria)).matches).toEqual([]);
    expect((await find(two, criteria)).cache_hit).toBe(true);
    await one.capabilities.register(WEAVER, { capabilities: [skill({ version: '10.0.0' })] });
    const found = await find(two, criteria);
    expect(found.cache_hit).toBe(false);
    expect(found.matches[0]?.capability.version).toBe('10.0.0');
    await one.registry.heartbeat();
    await one.capabilities.drop(WEAVER);
    const events = (await two.registry.events()).filter(({ kind }) => kind === 'capabilities_changed');
    expect(events.map(({ agent_id, details }) => [agent_id, details['capabilities']])).toEqual([
      ['weaver:w1', ['weave@1.0.0']],
      ['weaver:w1', ['weave@10.0.0']],
      ['weaver:w1', []],
    ]);
  });

  test('nothing of an earlier incarnation is shown as its successor’s', async () => {
    await using town = new Town(server.url);
    const [one, two] = [house(town), house(town)];
    await settle(one, 'w1');
    await one.registry.stop();
    await two.registry.register(agent(WEAVER), { takeover: true });
    expect((await find(two)).matches).toEqual([]);
    await two.capabilities.register(WEAVER, { capabilities: [skill({ version: '2.0.0' })] });
    await one.registry.heartbeat();
    expect((await find(two)).matches.map(({ capability }) => capability.version)).toEqual(['2.0.0']);
  });
});

describe('a search', () => {
  test('never shows a dead agent, though it is remembered, and removes what it left in the index', async () => {
    await using town = new Town(server.url);
    const [one, two] = [house(town, { heartbeatTtlMs: 300, heartbeatIntervalMs: 299 }), house(town)];
    await settle(two, 'w2');
    await settle(one, 'w1');
    expect(names((await find(two)).matches)).toEqual(['weaver:w1', 'weaver:w2']);
    await one.registry.stop();
    const diedBy = Date.now() + 300;
    await expect.poll(async () => names((await find(two)).matches), { interval: 20 }).toEqual(['weaver:w2']);
    expect(Date.now()).toBeLessThan(diedBy + 5000);
    // Its line lapses a moment after its record.
    await expect.poll(() => find(two)).toMatchObject({ cache_hit: true, total_agents_searched: 1 });
    await expect
      .poll(async () => {
        await find(two);
        return town.redis.hkeys(town.keys.capabilityIndex());
      })
      .toEqual(['weaver:w2']);
  });

  test('looks up at every time who is degraded, stopped or busy', async () => {
    await using town = new Town(server.url);
    const [one, two] = [house(town), house(town)];
    const registered = await settle(one, 'w1');
    const seen = async (options: object = {}, criteria: object = {}) => {
      const found = await find(two, { capability_name: 'weave', ...criteria }, options);
      return names(found.matches).length;
    };
    expect(await seen()).toBe(1);
    await two.registry.setDegraded(WEAVER, true, 'slow');
    expect(await seen()).toBe(0);
    expect(await seen({ includeDegraded: true })).toBe(1);
    await two.registry.setDegraded(WEAVER, false);
    expect(await seen()).toBe(1);
    for (let call = 0; call < 4; call += 1) registered.begin();
    await one.registry.heartbeat();
    expect(await seen()).toBe(0);
    expect(await seen({}, { max_load_factor: 1 })).toBe(1);
    for (let call = 0; call < 4; call += 1) registered.end('none', 0);
    await one.registry.markStopped(WEAVER);
    expect(await seen()).toBe(0);
    expect(await seen({}, { require_available: false })).toBe(1);
    expect((await find(two, { capability_name: 'weave' })).cache_hit).toBe(true);
  });

  test('remembers for as long as it is told', async () => {
    await using town = new Town(server.url);
    let now = 0;
    const one = house(town, {}, { settings: { cacheTtlMs: 60_000 }, clock: { now: () => now } });
    await settle(one, 'w1');
    const isHit = async (criteria?: object): Promise<boolean> => (await find(one, criteria)).cache_hit;
    expect(await isHit()).toBe(false);
    now = 59_999;
    expect(await isHit()).toBe(true);
    expect(await isHit({ capability_name: 'weav' })).toBe(false);
    now = 60_000;
    expect(await isHit()).toBe(false);
  });

  test('fills its page with the next when agents fall away, and shows no more than asked for', async () => {
    await using town = new Town(server.url);
    const one = house(town);
    for (let index = 0; index < 9; index += 1) await settle(one, `w${index}`);
    for (let index = 0; index < 7; index += 1)
      await one.registry.setDegraded({ type: 'weaver', instance: `w${index}` }, true);
    expect(names((await find(one, undefined, { maxResults: 2 })).matches)).toEqual([
      'weaver:w7',
      'weaver:w8',
    ]);
    const all = await find(one, undefined, { maxResults: 3, includeDegraded: true });
    expect(names(all.matches)).toEqual(['weaver:w0', 'weaver:w1', 'weaver:w2']);
    expect(all.total_agents_searched).toBe(9);
  });

  test('by priority takes off what the load takes', async () => {
    await using town = new Town(server.url);
    const one = house(town);
    const busy = await settle(one, 'w1', { priority: 10 });
    await settle(one, 'w2', { priority: 8 });
    busy.begin();
    await one.registry.heartbeat();
    const { matches } = await find(one, {}, { algorithm: 'priority_based' });
    expect(matches.map(({ agent_id, match_score }) => [agent_id, match_score])).toEqual([
      ['weaver:w2', 0.8],
      ['weaver:w1', 0.75],
    ]);
  });

  test('says how long one would wait: messages times duration over concurrency', async () => {
    await using town = new Town(server.url);
    await using post = new Post(server.url);
    const one = house(town);
    await settle(one, 'w1', {
      capabilities: [skill({ estimated_duration_ms: 1000 }), skill({ name: 'spin' })],
    });
    const coordinator = post.coordinator({ keyPrefix: town.prefix });
    for (let index = 0; index < 6; index += 1)
      await coordinator.send({
        message_id: `wait-${index}`,
        sender: { type: 'asker' },
        recipient: WEAVER,
        message_type: 'event',
      });
    await coordinator.receive(WEAVER);
    const waits = async (name: string) =>
      (await find(one, { capability_name: name })).matches.map((match) => match.estimated_wait_time_ms);
    expect(await waits('weave')).toEqual([1500]);
    expect(await waits('spin')).toEqual([null]);
  });

  test('passes over a set that cannot be read, and tells it once', async () => {
    await using town = new Town(server.url);
    const [one, two] = [house(town), house(town)];
    await settle(one, 'w1');
    await settle(one, 'w2');
    await town.redis.set(town.keys.capabilities('weaver', 'w1'), '{"agent_id":"weaver:w1"', 'KEEPTTL');
    for (let round = 0; round < 3; round += 1)
      expect(names((await find(two)).matches)).toEqual(['weaver:w2']);
    expect(town.metrics.total('capability_sets_unreadable_total')).toBe(1);
    await one.registry.heartbeat();
    expect(names((await find(two)).matches)).toEqual(['weaver:w1', 'weaver:w2']);
  });

  test('reads a set that somebody else wrote in lines', async () => {
    await using town = new Town(server.url);
    const [one, two] = [house(town), house(town)];
    for (const instance of ['w1', 'w2']) await settle(one, instance);
    const key = town.keys.capabilities('weaver', 'w1');
    const inLines = JSON.stringify(JSON.parse((await town.redis.get(key))!), null, 2);
    await town.redis.set(key, inLines, 'KEEPTTL');
    expect(names((await find(two)).matches)).toEqual(['weaver:w1', 'weaver:w2']);
  });

  test('does not see other fleets on the same Redis', async () => {
    await using town = new Town(server.url);
    await using other = new Town(server.url);
    const [one, two] = [house(town), house(other)];
    await settle(one, 'w1');
    expect((await find(two)).matches).toEqual([]);
    expect(await two.capabilities.list()).toEqual([]);
    await settle(two, 'w9');
    expect(names((await find(one)).matches)).toEqual(['weaver:w1']);
  });

  test('throws when Redis is not there, and does not call that an empty answer', async () => {
    await using core = openCoordinationCore({ connection: 'redis://127.0.0.1:1' });
    const capabilities = new Capabilities({ core, directory: new AgentRegistry(core) });
    await expect(capabilities.discover({})).rejects.toMatchObject({ code: 'redis_unavailable' });
    await expect(capabilities.list()).rejects.toMatchObject({ code: 'redis_unavailable' });
  });
});

test('statistics count what is advertised by the living, and orphans', async () => {
  await using town = new Town(server.url);
  const one = house(town);
  const busy = await settle(one, 'w1', {
    capabilities: [
      skill(),
      skill({ version: '2.0.0', status: 'deprecated' }),
      skill({ name: 'keep', type: 'storage' }),
    ],
  });
  await settle(one, 'w2');
  busy.begin();
  busy.begin();
  await one.registry.heartbeat();
  await settle(one, 'w3');
  await town.redis.del(town.keys.agent('weaver', 'w3'));
  await settle(one, 'w4');
  await town.redis.del(town.keys.capabilities('weaver', 'w4'));
  expect(await house(town).capabilities.statistics()).toEqual({
    total_agents: 2,
    total_capabilities: 4,
    active_capabilities: 3,
    by_type: { processing: 0, generation: 3, analysis: 0, coordination: 0, storage: 1, communication: 0 },
    unique_names: 2,
    average_load: 0.25,
    algorithm: 'weighted_score',
    orphans: 2,
  });
});
