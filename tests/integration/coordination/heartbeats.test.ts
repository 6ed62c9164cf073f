import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { beatAgents } from '../../../src/coordination/agents/beats.ts';
import type { AgentView } from '../../../src/coordination/agents/directory.ts';
import type { LocalAgent } from '../../../src/coordination/agents/local-agent.ts';
import { loseAgent } from '../../../src/coordination/scripts/find-lost-agents.ts';
import { runScripts } from '../../../src/redis/script.ts';
import { agent, kinds, Town } from '../../support/agents.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';
import { tcpGate } from '../../support/tcp-gate.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

const BOB = { type: 'bob', instance: 'b1' };
const EVE = { type: 'eve', instance: 'e1' };

async function beats(town: Town): Promise<Map<string, number>> {
  const flat = await town.redis.zrange(town.keys.agentIndex(), 0, '-1', 'WITHSCORES');
  return new Map(flat.flatMap((text, at) => (at % 2 === 0 ? [[text, Number(flat[at + 1])]] : [])));
}

describe('a heartbeat', () => {
  test('of an agent is later than the one before, however soon it comes', async () => {
    await using town = new Town(server.url);
    const one = town.registry();
    await one.register(agent());
    await one.register(agent(EVE));
    let before = await beats(town);
    for (let round = 0; round < 5; round += 1) {
      await one.heartbeat();
      const after = await beats(town);
      for (const [text, ms] of after) expect(ms).toBeGreaterThan(before.get(text)!);
      before = after;
    }
    // Twenty within a moment: readers would miss one that bears the time of the one before.
    const bob = one.local()[0] as LocalAgent; // the registry makes nothing else
    const ports = { capabilitiesOf: () => undefined, onDisowned: () => undefined };
    await beatAgents(town.core(), one.settings, Array<LocalAgent>(20).fill(bob), ports);
    expect((await beats(town)).get('bob:b1')).toBeGreaterThanOrEqual(before.get('bob:b1')! + 20);
    before = await beats(town);
    const [view] = await one.list({ type: 'bob' });
    expect(Date.parse(view!.record.last_heartbeat)).toBe(before.get('bob:b1'));
  });

  test('of one is not missed for the failures of another', async () => {
    await using town = new Town(server.url);
    const hooks = {
      beforeBeat: ({ text }: { text: string }) => {
        if (text === 'bob:b1') throw new Error('no capabilities');
        return undefined;
      },
    };
    const one = town.registry({}, hooks);
    const exportState = () => {
      throw new Error('nothing to save');
    };
    await one.register(agent({ exportState }));
    await one.register(agent(EVE));
    const before = await beats(town);
    await one.heartbeat();
    const between = await beats(town);
    for (const text of ['bob:b1', 'eve:e1']) expect(between.get(text)).toBeGreaterThan(before.get(text)!);
    await town.redis.del(town.keys.agent('bob', 'b1'));
    // No string any more: the script of bob is refused.
    await town.redis.hset(town.keys.agent('bob', 'b1'), 'odd', '1');
    await one.heartbeat();
    const after = await beats(town);
    expect(after.get('bob:b1')).toBe(between.get('bob:b1'));
    expect(after.get('eve:e1')).toBeGreaterThan(between.get('eve:e1')!);
    const said = town.log.lines.map(({ message }) => message);
    expect(said).toContain('the state of an agent could not be saved');
    expect(said).toContain('a hook before a heartbeat failed');
    expect(said).toContain('a heartbeat was refused by Redis');
  });

  test('carries the capabilities that are advertised, and lets them lapse when none are', async () => {
    await using town = new Town(server.url);
    let capabilities: string | undefined = '{"priority":1}';
    const one = town.registry();
    const detach = one.attach({ beforeBeat: () => capabilities });
    const handle = await one.register(agent());
    handle.setCapabilityNames(['read@1.0.0']);
    const key = town.keys.capabilities('bob', 'b1');
    const epoch = async () => Number(await town.redis.get(town.keys.capabilityEpoch()));
    await one.heartbeat();
    expect(await town.redis.get(key)).toBe('{"priority":1}');
    expect(await town.redis.hkeys(town.keys.capabilityIndex())).toEqual(['bob:b1']);
    expect((await one.get(BOB))?.record.capabilities).toEqual(['read@1.0.0']);
    const first = await epoch();
    capabilities = '{"priority":2}';
    await one.heartbeat();
    expect(await town.redis.get(key)).toBe('{"priority":2}');
    expect(await epoch()).toBe(first + 1);
    await town.redis.pexpire(key, 5000);
    await one.heartbeat();
    expect(await town.redis.pttl(key)).toBeGreaterThan(5000);
    expect(await epoch()).toBe(first + 1);
    await town.redis.pexpire(key, 5000);
    capabilities = undefined;
    await one.heartbeat();
    detach();
    capabilities = '{}';
    await one.heartbeat();
    expect(await town.redis.get(key)).toBe('{"priority":2}');
    expect(await town.redis.pttl(key)).toBeLessThanOrEqual(5000);
  });

  test('is tried again while Redis is away, and nobody has to do anything when it is back', async () => {
    await using town = new Town(server.url);
    const { hostname, port, pathname } = new URL(server.url);
    await using gate = await tcpGate({ host: hostname, port: Number(port) });
    const core = town.core(`redis://127.0.0.1:${gate.port}${pathname}`);
    const one = town.registry({ heartbeatTtlMs: 1000, heartbeatIntervalMs: 20 }, undefined, core);
    await one.register(agent());
    await gate.close();
    const said = () => town.log.lines.map(({ message }) => message);
    await expect.poll(said, { interval: 10, timeout: 20_000 }).toContain('heartbeats do not reach Redis');
    await expect(one.heartbeat()).rejects.toMatchObject({ code: 'redis_unavailable' });
    const before = (await beats(town)).get('bob:b1')!;
    await gate.open();
    await expect
      .poll(async () => (await beats(town)).get('bob:b1'), { timeout: 10_000 })
      .toBeGreaterThan(before);
    await expect.poll(said, { timeout: 20_000 }).toContain('heartbeats reach Redis again');
    expect(said().filter((line) => line === 'heartbeats do not reach Redis')).toHaveLength(1);
  });

  test('does not bring back an agent whose name an operator took, but one whose record is lost', async () => {
    await using town = new Town(server.url);
    const own = town.registry();
    const operator = town.registry();
    const bob = await own.register(agent());
    expect(await operator.evict(BOB, { reason: 'asked' })).toBe(true);
    await own.heartbeat();
    expect(await operator.get(BOB)).toBeNull();
    expect([bob.signal.aborted, own.local()]).toEqual([true, []]);
    await own.register(agent());
    await own.heartbeat();
    await town.redis.del(town.keys.agent('bob', 'b1'));
    await own.heartbeat();
    expect(await operator.get(BOB)).not.toBeNull();
  });
});

describe('the state of an agent', () => {
  test('is saved when it has changed, kept while the agent lives, and given to the next one', async () => {
    await using town = new Town(server.url);
    let seen = 1;
    const key = town.keys.agentState('bob', 'b1');
    const saved = async () => JSON.parse((await town.redis.get(key))!);
    const one = town.registry({ stateRetentionMs: 60_000 });
    const first = await one.register(agent({ exportState: () => ({ seen }) }));
    await one.heartbeat();
    expect(await saved()).toMatchObject({ registration_id: first.registrationId, state: { seen: 1 } });
    const { saved_at: at } = await saved();
    await town.redis.pexpire(key, 5000);
    await one.heartbeat();
    expect(await saved()).toMatchObject({ saved_at: at });
    expect(await town.redis.pttl(key)).toBeGreaterThan(5000);
    seen = 2;
    await one.heartbeat();
    expect(await saved()).toMatchObject({ state: { seen: 2 } });
    seen = 3;
    await one.deregister(BOB);

    const given: unknown[] = [];
    const two = town.registry();
    const next = agent({ importState: async (state) => void given.push(state, await two.get(BOB)) });
    await two.register(next);
    // It had the state before anybody could see it.
    expect(given).toEqual([{ seen: 3 }, null]);
    const events = await two.events();
    expect(kinds(events).slice(-2)).toEqual(['state_restored bob:b1', 'registered bob:b1']);
    expect(events.at(-2)?.details['age_s']).toBeLessThan(30);
  });

  test('that cannot be restored is put aside, and the agent starts empty', async () => {
    await using town = new Town(server.url);
    const key = town.keys.agentState('bob', 'b1');
    await town.redis.set(key, 'torn');
    const one = town.registry();
    await one.register(agent({ importState: async () => undefined, exportState: () => 'new' }));
    expect(await town.redis.get(town.keys.rejectedAgentState('bob', 'b1'))).toBe('torn');
    expect(await town.redis.exists(key)).toBe(0);
    const [failure] = await one.events();
    expect(failure).toMatchObject({ kind: 'state_restore_failed', details: { reason: 'corrupt' } });
    await one.heartbeat();
    expect(JSON.parse((await town.redis.get(key))!)).toMatchObject({ state: 'new' });
  });

  test('is given to an agent that is restarted in its process', async () => {
    await using town = new Town(server.url);
    const given: unknown[] = [];
    let isBroken = false;
    const importState = async (state: unknown) => {
      if (isBroken) throw new Error('broken');
      given.push(state);
    };
    const one = town.registry();
    expect(await one.restore(BOB)).toBe(false);
    await one.register(agent({ exportState: () => 'there', importState }));
    await one.heartbeat();
    expect(await one.restore(BOB)).toBe(true);
    expect(given).toEqual(['there']);
    isBroken = true;
    await one.restore(BOB);
    expect(kinds(await one.events()).slice(1)).toEqual([
      'state_restored bob:b1',
      'state_restore_failed bob:b1',
    ]);
    await one.heartbeat();
    expect(await town.redis.exists(town.keys.agentState('bob', 'b1'))).toBe(1);
  });
});

describe('an agent that falls silent', () => {
  const BRIEF = { heartbeatTtlMs: 100, heartbeatIntervalMs: 99, lossDetectionIntervalMs: 20 };

  test('is lost once, though many look, and somebody deals with it until that succeeds', async () => {
    await using town = new Town(server.url);
    const lost: AgentView[] = [];
    const dealt = Promise.withResolvers<void>();
    const onLost = (view: AgentView) => {
      lost.push(view);
      if (lost.length < 3) throw new Error('not yet');
      dealt.resolve();
    };
    const looking = [0, 1, 2].map(() => town.registry(BRIEF, { onLost }));
    for (const each of looking) each.start();
    const one = town.registry(BRIEF);
    const handle = await one.register(agent());
    await one.stop();
    await dealt.promise;
    await expect.poll(() => town.redis.zcard(town.keys.lostAgents()), { timeout: 20_000 }).toBe(0);
    expect(lost).toHaveLength(3);
    expect(lost[0]).toMatchObject({ text: 'bob:b1', isAlive: false });
    const events = await one.events();
    expect(kinds(events)).toEqual(['registered bob:b1', 'lost bob:b1']);
    expect(events[1]?.registration_id).toBe(handle.registrationId);
  });

  test('is lost once even if two find it at the same time', async () => {
    await using town = new Town(server.url);
    const one = town.registry(BRIEF);
    await one.register(agent());
    await one.stop();
    await expect.poll(async () => (await one.get(BOB))?.isAlive, { timeout: 20_000 }).toBe(false);
    const { keys } = town;
    const call = {
      keys: [keys.agent('bob', 'b1'), keys.agentDeadlines(), keys.lostAgents(), keys.agentEvents()],
      args: ['bob:b1', 100],
    };
    expect(await runScripts(town.redis, loseAgent, [call, call])).toEqual([1, 0]);
    expect(kinds(await one.events())).toEqual(['registered bob:b1', 'lost bob:b1']);
    await one.heartbeat();
    expect(await runScripts(town.redis, loseAgent, [call])).toEqual([0]);
  });

  test('is dealt with by the next process when the one that looks dies meanwhile', async () => {
    await using town = new Town(server.url);
    const told = Promise.withResolvers<string>();
    const stuck = town.core();
    const never = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const dying = town.registry(
      BRIEF,
      {
        onLost: () => {
          reached.resolve();
          return never.promise;
        },
      },
      stuck,
    );
    dying.start();
    const one = town.registry(BRIEF);
    await one.register(agent());
    await one.stop();
    await reached.promise;
    // Its lease lapses as if it had died.
    await stuck.close();
    const next = town.registry(BRIEF, { onLost: ({ text }) => told.resolve(text) });
    next.start();
    expect(await told.promise).toBe('bob:b1');
    never.resolve();
    expect(kinds(await next.events())).toEqual(['registered bob:b1', 'lost bob:b1']);
  });

  test('and goes on has recovered, and can be lost again', async () => {
    await using town = new Town(server.url);
    const [one, look] = [town.registry(BRIEF), town.registry(BRIEF)];
    await one.register(agent());
    await one.stop();
    const told = async () => kinds(await look.events());
    look.start();
    await expect.poll(told, { interval: 10, timeout: 20_000 }).toContain('lost bob:b1');
    await one.heartbeat();
    await expect
      .poll(told, { interval: 10, timeout: 20_000 })
      .toEqual(['registered bob:b1', 'lost bob:b1', 'recovered bob:b1', 'lost bob:b1']);
  });

  test('is forgotten with all that belongs to it when it stays away', async () => {
    await using town = new Town(server.url);
    const gone = Promise.withResolvers<unknown>();
    const one = town.registry(BRIEF, { beforeBeat: () => '{}' });
    await one.register(agent());
    await one.heartbeat();
    await one.stop();
    await town.redis.lpush(town.keys.agentOutcomes('bob', 'b1'), 's');
    await one.setDegraded(BOB, true, 'under repair');
    const look = town.registry(
      { ...BRIEF, recordRetentionMs: 1000 },
      { onDeregistered: (...told) => gone.resolve(told) },
    );
    look.start();
    expect(await gone.promise).toEqual([BOB, 'expired']);
    expect(await look.list()).toEqual([]);
    expect(await look.get(BOB)).toBeNull();
    const left = async () =>
      (await town.redis.keys(`${town.prefix}:*`)).map((key) => key.slice(town.prefix.length)).sort();
    await expect
      .poll(left, { timeout: 20_000 })
      .toEqual([':agents:lease', ':capabilities:epoch', ':events:agents']);
    expect((await look.events()).at(-1)).toMatchObject({
      kind: 'deregistered',
      details: { reason: 'expired' },
    });
    await look.close();
    expect(await left()).not.toContain(':agents:lease');
  });
});
