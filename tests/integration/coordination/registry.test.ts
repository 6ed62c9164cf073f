import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentInstanceConflictError } from '../../../src/coordination/errors.ts';
import { AGENT_LUA } from '../../../src/coordination/scripts/agent-lua.ts';
import { agent, kinds, Town } from '../../support/agents.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

const BOB = { type: 'bob', instance: 'b1' };
/** An agent that this makes falls silent soon, unless it beats. */
const BRIEF = { heartbeatTtlMs: 100, heartbeatIntervalMs: 99 };

async function untilDead(town: Town, id = BOB): Promise<void> {
  const look = town.registry();
  await expect.poll(async () => (await look.get(id))?.isAlive, { interval: 10, timeout: 20_000 }).toBe(false);
}

describe('registering', () => {
  test('writes a record that everybody reads', async () => {
    await using town = new Town(server.url);
    const one = town.registry();
    const described = agent({ version: '1.2.3', resources: { cpu_threads: 2 }, metadata: { floor: 1 } });
    const handle = await one.register(described);
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
    expect(one.local()).toEqual([handle]);
  });

  test('a name that is alive is refused with host and process, and its state is not given away', async () => {
    await using town = new Town(server.url);
    const [one, two] = [town.registry(), town.registry()];
    const first = await one.register(agent({ exportState: () => 1 }));
    await one.heartbeat();
    const given: unknown[] = [];
    const second = agent({ importState: async (state) => void given.push(state) });
    const refusal: unknown = await two.register(second).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(AgentInstanceConflictError);
    expect(refusal).toMatchObject({
      code: 'agent_instance_conflict',
      kind: 'conflict',
      details: { agent_id: 'bob:b1', pid: process.pid, registration_id: first.registrationId },
    });
    expect(String(refusal)).toContain(`process ${process.pid}`);
    await expect(one.register(agent())).rejects.toMatchObject({ code: 'agent_instance_conflict' });
    expect(given).toEqual([]);
    expect(two.local()).toEqual([]);
  });

  test('a name whose record is torn is refused as long as it is alive', async () => {
    await using town = new Town(server.url);
    const [one, two] = [town.registry(), town.registry()];
    const { registrationId } = await one.register(agent());
    const key = town.keys.agent('bob', 'b1');
    await town.redis.set(key, (await town.redis.get(key))!.slice(0, 120));
    await expect(two.register(agent())).rejects.toMatchObject({
      code: 'agent_instance_conflict',
      details: { registration_id: registrationId },
    });
  });

  test('of two that register at once, one is registered', async () => {
    await using town = new Town(server.url);
    const attempts = Array.from({ length: 8 }, () => town.registry().register(agent()));
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(kinds(await town.registry().events())).toEqual(['registered bob:b1']);
  });

  test('a takeover supersedes the first, which can neither write nor delete any more', async () => {
    await using town = new Town(server.url);
    const superseded: string[] = [];
    const one = town.registry(
      {},
      { onSuperseded: ({ registrationId }) => void superseded.push(registrationId) },
    );
    const two = town.registry();
    const first = await one.register(agent({ exportState: () => 'of the first' }));
    const second = await two.register(agent({ exportState: () => 'of the second' }), { takeover: true });
    await two.heartbeat();
    expect(first.signal.aborted).toBe(false);
    await one.heartbeat();
    expect(first.signal.aborted).toBe(true);
    expect(superseded).toEqual([first.registrationId]);
    expect(await one.deregister(BOB)).toBe(false);
    await one.heartbeat();
    const [view] = await town.registry().list({ includeState: true });
    expect(view?.record.registration_id).toBe(second.registrationId);
    expect(view?.state).toMatchObject({ state: 'of the second', registration_id: second.registrationId });
    const events = await two.events();
    expect(kinds(events)).toEqual(['registered bob:b1', 'registered bob:b1', 'superseded bob:b1']);
    expect(events[1]?.details).toMatchObject({ replaced: first.registrationId });
    expect(events[2]).toMatchObject({
      registration_id: first.registrationId,
      details: { by: second.registrationId },
    });
  });

  test('a slow shutdown does not delete its successor', async () => {
    await using town = new Town(server.url);
    const [one, two] = [town.registry(), town.registry()];
    const first = await one.register(agent());
    const second = await two.register(agent(), { takeover: true });
    expect(await one.deregister(BOB)).toBe(false);
    expect(first.signal.aborted).toBe(true);
    expect((await two.get(BOB))?.record.registration_id).toBe(second.registrationId);
    expect(await two.deregister(BOB)).toBe(true);
  });

  test('a takeover within one process ends the first at once', async () => {
    await using town = new Town(server.url);
    const one = town.registry();
    const first = await one.register(agent());
    const second = await one.register(agent(), { takeover: true });
    expect(first.signal.aborted).toBe(true);
    expect(one.local()).toEqual([second]);
    await one.heartbeat();
    expect(second.signal.aborted).toBe(false);
  });

  test('the name of one that fell silent is free, and its loss is told though nobody looked', async () => {
    await using town = new Town(server.url);
    const one = town.registry(BRIEF);
    const first = await one.register(agent());
    await one.stop();
    await untilDead(town);
    const two = town.registry();
    await two.register(agent());
    const events = await two.events();
    expect(kinds(events)).toEqual(['registered bob:b1', 'lost bob:b1', 'registered bob:b1']);
    expect(events[1]?.registration_id).toBe(first.registrationId);
  });
});

describe('deregistering', () => {
  test('removes everything but events and state, and tells why', async () => {
    await using town = new Town(server.url);
    const gone: unknown[] = [];
    const hooks = { beforeBeat: () => '{}', onDeregistered: (...told: unknown[]) => void gone.push(told) };
    const one = town.registry({}, hooks);
    await one.register(agent({ exportState: () => ({ seen: 1 }) }));
    await one.heartbeat();
    await town.redis.lpush(town.keys.agentOutcomes('bob', 'b1'), 's');
    expect(await town.registry().deregister(BOB)).toBe(false);
    expect(await one.deregister(BOB, { reason: 'tired' })).toBe(true);
    expect(await one.deregister(BOB)).toBe(false);
    expect((await town.redis.keys(`${town.prefix}:*`)).sort()).toEqual(
      [town.keys.agentState('bob', 'b1'), town.keys.agentEvents(), town.keys.capabilityEpoch()].sort(),
    );
    expect((await one.events()).at(-1)).toMatchObject({ kind: 'deregistered', details: { reason: 'tired' } });
    expect(gone).toEqual([[BOB, 'tired']]);
    expect(await one.get(BOB)).toBeNull();
  });

  test('a heartbeat that is under way brings nobody back', async () => {
    await using town = new Town(server.url);
    const one = town.registry();
    await one.register(agent());
    await Promise.all([one.heartbeat(), one.heartbeat(), one.deregister(BOB), one.heartbeat()]);
    expect(await one.list()).toEqual([]);
  });

  test('who registers while the registry closes is not left behind', async () => {
    await using town = new Town(server.url);
    const one = town.registry();
    const registering = one.register(agent());
    await one.close();
    await expect(registering).rejects.toMatchObject({ code: 'coordination_closed' });
    expect(await town.registry().list()).toEqual([]);
  });

  test('closing deregisters all and saves their state', async () => {
    await using town = new Town(server.url);
    const one = town.registry();
    await one.register(agent({ exportState: () => 'last words' }));
    await one.register(agent({ instance: 'b2' }));
    await one.close();
    await one.close();
    expect(await town.registry().list()).toEqual([]);
    const saved = await town.redis.get(town.keys.agentState('bob', 'b1'));
    expect(JSON.parse(saved!)).toMatchObject({ schema_version: 1, state: 'last words' });
    await expect(one.register(agent())).rejects.toMatchObject({ code: 'coordination_closed' });
  });
});

describe('reading', () => {
  test('is in the order of text forms, the dead included, by type and by life', async () => {
    await using town = new Town(server.url);
    const [one, brief] = [town.registry(), town.registry(BRIEF)];
    for (const [type, instance] of [
      ['b', 'z'],
      ['b-1', 'a'],
      ['a', 'x'],
    ])
      await one.register(agent({ type: type!, instance: instance! }));
    await brief.register(agent({ type: 'b', instance: 'dead' }));
    await brief.stop();
    await untilDead(town, { type: 'b', instance: 'dead' });
    const texts = async (filter?: object) => (await one.list(filter)).map(({ text }) => text);
    expect(await texts()).toEqual(['a:x', 'b-1:a', 'b:dead', 'b:z']);
    expect(await texts({ type: 'b' })).toEqual(['b:dead', 'b:z']);
    expect(await texts({ type: 'b', isAlive: true })).toEqual(['b:z']);
    expect(await texts({ isAlive: false })).toEqual(['b:dead']);
    expect((await one.discover('b')).map(({ text }) => text)).toEqual(['b:z']);
    expect(await one.get({ type: 'b', instance: 'nobody' })).toBeNull();
    for (const bad of [{ type: '1' }, { alive: true }])
      await expect(one.list(bad as object)).rejects.toMatchObject({ code: 'validation' });
  });

  test('leaves out what cannot be read, counts it once and says so, until it beats again', async () => {
    await using town = new Town(server.url);
    const [one, look] = [town.registry(), town.registry()];
    await one.register(agent());
    await one.register(agent({ instance: 'b2' }));
    for (const garbage of ['{', '{"registration_id":"x"}', JSON.stringify({ name: 'bob' })]) {
      await town.redis.set(town.keys.agent('bob', 'b1'), garbage);
      const fresh = town.registry();
      expect((await fresh.list()).map(({ text }) => text)).toEqual(['bob:b2']);
      expect(await fresh.list()).toHaveLength(1);
      expect(await fresh.get(BOB)).toBeNull();
    }
    expect(town.metrics.total('agent_records_corrupt_total')).toBe(3);
    expect(town.log.lines.filter(({ level }) => level === 'warn')).toHaveLength(3);
    await one.heartbeat();
    expect(await look.list()).toHaveLength(2);
  });

  test('a reader that has read before sees what a new one sees', async () => {
    await using town = new Town(server.url);
    const core = town.core();
    const parts = [town.registry({}, undefined, core), town.registry({}, undefined, core)];
    const look = town.registry({}, undefined, core);
    let seed = 7;
    const chance = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    for (let step = 0; step < 150; step += 1) {
      const part = parts[chance(2)]!;
      const id = { type: ['a', 'b'][chance(2)]!, instance: `i${chance(4)}` };
      const action = chance(5);
      if (action < 2) await part.register(agent(id), { takeover: chance(2) === 0 }).catch(() => undefined);
      else if (action === 2) await part.deregister(id);
      else if (action === 3) await part.heartbeat();
      else await part.setDegraded(id, chance(2) === 0, 'chance', chance(2) === 0 ? 'operator' : 'health');
      if (chance(3) === 0) continue;
      const seen = async (registry: typeof look) =>
        (await registry.list()).map((view) => ({ ...view, heartbeatAgeMs: 0 }));
      expect(await seen(look)).toEqual(await seen(town.registry({}, undefined, core)));
    }
  });

  test('a Redis that lost everything has the agents back with their next heartbeat, state included', async () => {
    await using town = new Town(server.url);
    const [one, look] = [town.registry(), town.registry()];
    await one.register(agent({ exportState: () => 'kept' }));
    await one.heartbeat();
    expect(await look.list()).toHaveLength(1);
    await town.redis.del(await town.redis.keys(`${town.prefix}:*`));
    expect(await look.list()).toEqual([]);
    await one.heartbeat();
    await one.heartbeat();
    expect(await look.list({ includeState: true })).toMatchObject([{ state: { state: 'kept' } }]);
  });

  test('throws when Redis is not there', async () => {
    await using town = new Town(server.url);
    const nowhere = town.registry({}, undefined, town.core('redis://127.0.0.1:1/0'));
    for (const ask of [nowhere.list(), nowhere.get(BOB), nowhere.events(), nowhere.register(agent())])
      await expect(ask).rejects.toMatchObject({ code: 'redis_unavailable', kind: 'unavailable' });
  });
});

describe('a degraded agent', () => {
  test('gets no work; what an operator said, neither health nor a restart takes back', async () => {
    await using town = new Town(server.url);
    const [one, other] = [town.registry(), town.registry()];
    await one.register(agent());
    expect(await other.setDegraded({ type: 'bob', instance: 'b9' }, true)).toBe('unknown');
    expect(await other.setDegraded(BOB, true, 'slow', 'health')).toBe('changed');
    expect(await other.setDegraded(BOB, true, 'slow', 'health')).toBe('unchanged');
    expect(await one.discover('bob')).toEqual([]);
    expect((await one.get(BOB))?.record.status).toMatchObject({
      degraded: true,
      degraded_by: 'health',
      reason: 'slow',
    });
    expect(await one.setDegraded(BOB, false, null, 'health')).toBe('changed');
    expect(await one.discover('bob')).toHaveLength(1);

    expect(await other.setDegraded(BOB, true, 'under repair')).toBe('changed');
    expect(await one.setDegraded(BOB, false, null, 'health')).toBe('unchanged');
    expect(await one.setDegraded(BOB, true, 'slow', 'health')).toBe('unchanged');
    await one.deregister(BOB);
    await one.register(agent());
    await one.heartbeat();
    expect((await one.list())[0]?.record.status).toMatchObject({
      degraded_by: 'operator',
      reason: 'under repair',
    });
    const stored = await town.redis.get(town.keys.agent('bob', 'b1'));
    expect(JSON.parse(stored!)).toMatchObject({ status: { degraded: true, reason: 'under repair' } });
    expect(await other.setDegraded(BOB, false)).toBe('changed');
    expect((await one.list())[0]?.record.status).toMatchObject({ degraded: false, reason: null });
    const told = (await one.events()).filter(({ kind }) => kind.includes('degraded'));
    expect(told.map(({ kind, details }) => [kind, details])).toEqual([
      ['degraded', { by: 'health', reason: 'slow' }],
      ['undegraded', { by: 'health', reason: null }],
      ['degraded', { by: 'operator', reason: 'under repair' }],
      ['undegraded', { by: 'operator', reason: null }],
    ]);
  });

  test('starts healthy in its next incarnation when only health had spoken', async () => {
    await using town = new Town(server.url);
    const one = town.registry();
    await one.register(agent());
    await one.setDegraded(BOB, true, '{"by":"operator"}', 'health');
    await one.register(agent(), { takeover: true });
    expect(await one.discover('bob')).toHaveLength(1);
  });
});

test('an agent that is stopping is excluded at once', async () => {
  await using town = new Town(server.url);
  const [one, look] = [town.registry(), town.registry()];
  await one.register(agent());
  expect(await look.discover('bob')).toHaveLength(1);
  expect(await look.markStopped(BOB)).toBe(false);
  expect(await one.markStopped(BOB)).toBe(true);
  expect(await look.discover('bob')).toEqual([]);
  expect((await look.get(BOB))?.record.status).toMatchObject({ running: false, status: 'stopped' });
});

test('events are read from a place on, the newest last', async () => {
  await using town = new Town(server.url);
  const one = town.registry();
  await one.register(agent());
  for (const n of [1, 2, 3]) await one.tell('restarted', BOB, { n });
  const all = await one.events();
  expect(kinds(all)).toEqual(['registered bob:b1', ...Array.from({ length: 3 }, () => 'restarted bob:b1')]);
  expect(all[1]).toMatchObject({ registration_id: one.local()[0]!.registrationId, details: { n: 1 } });
  expect(await one.events({ limit: 2 })).toEqual(all.slice(2));
  expect(await one.events({ after: all[0]!.id, limit: 2 })).toEqual(all.slice(1, 3));
  for (const bad of [{ limit: 0 }, { after: 'x' }, { since: '1' }])
    await expect(one.events(bad as object)).rejects.toMatchObject({ code: 'validation' });
});

test('the gauges are those of the whole fleet, and zero once more for what is gone', async () => {
  await using town = new Town(server.url);
  const [one, brief, look] = [town.registry(), town.registry(BRIEF), town.registry()];
  await one.register(agent());
  await one.register(agent({ type: 'carol', instance: 'c1' }));
  await brief.register(agent({ instance: 'dead' }));
  await brief.stop();
  await untilDead(town, { type: 'bob', instance: 'dead' });
  await look.collectAgentGauges();
  const gauge = (name: string, labels = {}) => town.metrics.gauges.get(`${name} ${JSON.stringify(labels)}`);
  expect(gauge('agents_registered', { type: 'bob' })).toBe(2);
  expect(gauge('agents_alive', { type: 'bob' })).toBe(1);
  expect(gauge('agents_alive', { type: 'carol' })).toBe(1);
  expect(gauge('agents_unhealthy')).toBe(1);
  expect(gauge('agent_heartbeat_age_seconds', { agent: 'bob:dead' })).toBeGreaterThan(0.1);
  await one.deregister({ type: 'carol', instance: 'c1' });
  await look.collectAgentGauges();
  expect(gauge('agents_registered', { type: 'carol' })).toBe(0);
  expect(gauge('agent_heartbeat_age_seconds', { agent: 'carol:c1' })).toBe(0);
});

test('scripts write any moment as JavaScript does', async () => {
  await using town = new Town(server.url);
  const days = [0, 951_782_400_000, 951_868_800_000, 4_107_542_400_000, 1_772_323_199_999];
  const moments = [...days, ...Array.from({ length: 200 }, (_, n) => n * 20_000_000_123 + n)];
  const lua = `${AGENT_LUA} local out = {} for i = 1, #ARGV do out[i] = iso(tonumber(ARGV[i])) end return out`;
  const written = await town.redis.eval(lua, 0, ...moments);
  expect(written).toEqual(moments.map((ms) => new Date(ms).toISOString()));
});
