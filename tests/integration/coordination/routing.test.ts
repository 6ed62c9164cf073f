import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { AgentRegistry } from '../../../src/coordination/agents/registry.ts';
import { CoordinationValidationError } from '../../../src/coordination/errors.ts';
import { createCoordinationKeys } from '../../../src/coordination/keys.ts';
import type { MessageCoordinator } from '../../../src/coordination/messages/coordinator.ts';
import { agentIdText, type AgentIdInput } from '../../../src/coordination/models/agent-id.ts';
import type { MessageResult } from '../../../src/coordination/models/message.ts';
import { RoutingPreview, type RoutingCandidate } from '../../../src/coordination/models/routing.ts';
import { openCoordinationCore } from '../../../src/coordination/open-core.ts';
import { Router } from '../../../src/coordination/routing/router.ts';
import type { RoutingOptions } from '../../../src/coordination/routing/settings.ts';
import type { RedisClient } from '../../../src/redis/connect.ts';
import { AgentRecordWriter } from '../../support/agent-records.ts';
import { agent as someone } from '../../support/agents.ts';
import { ANNA, CountingSink, Lines, message, Post } from '../../support/coordination.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

/** So old that nobody's heartbeat is better: what differs is what a test is about. */
const EQUAL = { ageMs: 40_000, ttlSeconds: 300 };
const BOB = { type: 'bob' };
const bob = (instance: string) => ({ type: 'bob', instance });

/** Agents as the test writes them, with a router and a coordinator that sends through it. */
class Fleet implements AsyncDisposable {
  readonly post = new Post(server.url);
  readonly sink = new CountingSink();
  readonly log = new Lines();
  readonly keys = createCoordinationKeys(this.post.prefix);
  readonly agents = new AgentRecordWriter(this.post.redis, this.keys);
  readonly connections: RedisClient[] = [];
  readonly #closing: (() => Promise<void>)[] = [];
  readonly router = this.another();
  readonly coordinator = this.sender();

  core() {
    const { sink: metrics, log: logger } = this;
    return openCoordinationCore({ connection: server.url, keyPrefix: this.post.prefix, metrics, logger });
  }

  /** As another process has it. */
  another(options: RoutingOptions = {}): Router {
    const core = this.core();
    this.connections.push(core.redis);
    const router = new Router(core, new AgentRegistry(core), options);
    this.#closing.push(async () => {
      await router.flush();
      await core.close();
    });
    return router;
  }

  registry(): AgentRegistry {
    const core = this.core();
    const registry = new AgentRegistry(core);
    this.#closing.push(() => registry.close().then(() => core.close()));
    return registry;
  }

  sender(router: Router = this.router): MessageCoordinator {
    return this.post.coordinator({
      ...router.hooks,
      messaging: { backoffBaseMs: 60_000, backoffMaxMs: 60_000 },
    });
  }

  /** Equal agents of these names. */
  async write(...instances: string[]): Promise<void> {
    for (const instance of instances) await this.agents.write(bob(instance), EQUAL);
  }

  async fill(agent: AgentIdInput, count: number): Promise<void> {
    const sent = Array.from({ length: count }, () => this.coordinator.send(message({ recipient: agent })));
    expect((await Promise.all(sent)).map(mailbox)).toEqual(sent.map(() => agentIdText(agent)));
  }

  /** Messages of this agent are handled (+) and not (-), one after the other. */
  async handle(agent: AgentIdInput, outcomes: string): Promise<void> {
    for (const outcome of outcomes) {
      await this.fill(agent, 1);
      const { token } = (await this.coordinator.receive(agent))!;
      if (outcome === '+') await this.coordinator.ack(agent, token);
      else await this.coordinator.nack(agent, token, { failure: 'permanent' });
    }
    await this.router.flush();
  }

  async preview(...options: Parameters<Router['preview']> extends [string, ...infer Rest] ? Rest : never) {
    return RoutingPreview.parse(await this.router.preview('bob', ...options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#closing.map((close) => close()));
    await this.post[Symbol.asyncDispose]();
  }
}

function mailbox({ recipient }: MessageResult): string {
  return agentIdText(recipient);
}

function of(candidates: readonly RoutingCandidate[], name: keyof RoutingCandidate) {
  return Object.fromEntries(candidates.map((each) => [each.instance, each[name]]));
}

describe('the best of a type', () => {
  test('is who has least to do, whatever state it is in', async () => {
    await using fleet = new Fleet();
    await fleet.write('ten', 'two', 'five');
    await fleet.fill(bob('ten'), 10);
    await fleet.fill(bob('two'), 2);
    await fleet.fill(bob('five'), 5);
    const { coordinator } = fleet;
    await coordinator.receive(bob('two'));
    await coordinator.nack(bob('five'), (await coordinator.receive(bob('five')))!.token);
    const shown = await fleet.preview();
    expect(of(shown.candidates, 'queue_length')).toEqual({ two: 2, five: 5, ten: 10 });
    // The nack of five's message is the only outcome.
    expect(of(shown.candidates, 'success_rate')).toEqual({ two: 1, five: 0, ten: 1 });
    expect(shown.candidates.map(({ instance }) => instance)).toEqual(['two', 'ten', 'five']);
    expect(shown).toMatchObject({ selected: 'two', weights: { queue: 0.3, heartbeat: 0.4, success: 0.3 } });
    expect(mailbox(await coordinator.send(message({ recipient: BOB })))).toBe('bob:two');
  });

  test('pays exactly 0.225 for 3 failures in 4 outcomes, in every process', async () => {
    await using fleet = new Fleet();
    await fleet.write('fails', 'works');
    await fleet.handle(bob('fails'), '-+--');
    await fleet.handle(bob('works'), '+');
    for (const router of [fleet.router, fleet.another()]) {
      const { candidates } = await router.preview('bob');
      expect(of(candidates, 'success_rate')).toEqual({ works: 1, fails: 0.25 });
      expect(of(candidates, 'score')).toEqual({ works: 0.4, fails: 0.625 });
    }
  });

  test('is what a preview says, whatever happened before', async () => {
    await using fleet = new Fleet();
    const names = ['a', 'b', 'c', 'd'];
    for (const [index, name] of names.entries())
      await fleet.agents.write(bob(name), { ageMs: index * 5000, inFlight: index % 2 });
    const step = fc.record({
      agent: fc.constantFrom(...names),
      act: fc.constantFrom('send', '+', '-', 'degrade'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 4 }), async (steps) => {
        for (const { agent, act } of steps) {
          if (act === 'send') await fleet.coordinator.send(message({ recipient: bob(agent) }));
          else if (act === 'degrade') await fleet.agents.write(bob(agent), { degraded: agent > 'b' });
          else fleet.router.onSettled(bob(agent), act === '+' ? 'success' : 'failure');
        }
        await fleet.router.flush();
        const { selected } = await fleet.preview();
        expect(mailbox(await fleet.coordinator.send(message({ recipient: BOB })))).toBe(`bob:${selected}`);
      }),
      { numRuns: 40 },
    );
  });

  test('is another one for each of many messages at once', async () => {
    await using fleet = new Fleet();
    await fleet.write('a', 'b', 'c');
    const sent = await Promise.all(
      Array.from({ length: 30 }, () => fleet.coordinator.send(message({ recipient: BOB }))),
    );
    const counts = Object.groupBy(sent.map(mailbox), (text) => text);
    const lengths = Object.fromEntries(Object.entries(counts).map(([text, all]) => [text, all?.length]));
    expect(lengths).toEqual({ 'bob:a': 10, 'bob:b': 10, 'bob:c': 10 });
  });
});

describe('an instance that is named', () => {
  test('is kept while it is fit, however much it has to do', async () => {
    await using fleet = new Fleet();
    await fleet.write('busy', 'idle');
    await fleet.fill(bob('busy'), 5);
    expect(await fleet.router.resolveTarget(bob('busy'))).toEqual(bob('busy'));
  });

  test.for([
    ['silent', { ageMs: 40_000, ttlSeconds: 30 }],
    ['stopped', { ...EQUAL, running: false }],
    ['degraded', { ...EQUAL, degraded: true }],
    ['unknown', undefined],
  ] as const)('is left for the best when it is %s', async ([, facts]) => {
    await using fleet = new Fleet();
    await fleet.write('fit');
    if (facts !== undefined) await fleet.agents.write(bob('named'), facts);
    expect(await fleet.router.resolveTarget(bob('named'))).toEqual(bob('fit'));
  });

  test('may be degraded if the caller says so', async () => {
    await using fleet = new Fleet();
    await fleet.write('fit');
    await fleet.agents.write(bob('tired'), { ...EQUAL, degraded: true });
    const options = { excludeDegraded: false };
    expect(await fleet.router.resolveTarget(bob('tired'), options)).toEqual(bob('tired'));
    await fleet.agents.write(bob('fit'), { ...EQUAL, running: false });
    expect(await fleet.router.resolveTarget(BOB)).toEqual({ ...BOB, instance: null });
    expect(await fleet.router.resolveTarget(BOB, options)).toEqual(bob('tired'));
    expect(await fleet.preview()).toMatchObject({ selected: null, reason: 'no healthy candidates found' });
    expect(await fleet.preview(options)).toMatchObject({ selected: 'tired' });
  });

  test('gets the message all the same when nobody is fit, and that is counted', async () => {
    await using fleet = new Fleet();
    await fleet.agents.write(bob('dead'), { ageMs: 60_000 });
    await fleet.agents.write({ type: 'carl', instance: 'c1' });
    for (const recipient of [bob('dead'), BOB, { type: 'bob', instance: 'default' }])
      expect(mailbox(await fleet.coordinator.send(message({ recipient })))).toBe(agentIdText(recipient));
    expect((await fleet.coordinator.receive(bob('dead')))?.queue_message.message.recipient).toEqual(
      bob('dead'),
    );
    expect(fleet.sink.counts.get('routing_no_candidate_total {"type":"bob"}')).toBe(3);
    const decisions = fleet.sink.seen.filter(({ name }) => name.endsWith('routing_decision_seconds'));
    expect(decisions.map(({ value }) => value > 0)).toEqual([true, true, true]);
  });
});

describe('who is asked and who is told', () => {
  test('a broadcast keeps the fit and replaces the others', async () => {
    await using fleet = new Fleet();
    await fleet.write('a', 'b');
    const sent = await fleet.coordinator.broadcast(message(), [bob('b'), bob('gone'), { type: 'carl' }]);
    expect(sent.map(mailbox)).toEqual(['bob:b', 'bob:a', 'carl:default']);
  });

  test('what is published goes to who subscribed, silent or not', async () => {
    await using fleet = new Fleet();
    await fleet.write('a');
    for (const agent of [bob('gone'), BOB]) await fleet.coordinator.subscribe(agent, ['event']);
    const sent = await fleet.coordinator.publish(message());
    expect(sent.map(mailbox).sort()).toEqual(['bob:default', 'bob:gone']);
  });

  test('an answer goes to who asked, though others of its type are fit', async () => {
    await using fleet = new Fleet();
    await fleet.write('a');
    await fleet.agents.write({ type: 'anna', instance: 'other' });
    const { coordinator } = fleet;
    coordinator.consume(bob('a'), async ({ queue_message: { message: asked } }) => {
      const payload = { in_reply_to: asked.message_id };
      const answer = {
        sender: bob('a'),
        recipient: asked.sender,
        message_type: 'response' as const,
        payload,
      };
      await coordinator.send(message(answer));
    });
    const asked = message({ sender: ANNA, recipient: BOB, message_type: 'request' });
    const answer = await coordinator.request(asked, { timeoutMs: 10_000 });
    expect(answer).toMatchObject({ sender: bob('a'), recipient: { type: 'anna', instance: null } });
  });

  test('a message of the shared mailbox counts for the instance that handled it', async () => {
    await using fleet = new Fleet();
    await fleet.write('a', 'b');
    const plain = fleet.post.coordinator();
    await plain.send(message({ recipient: BOB, message_id: 'shared-1' }));
    await plain.send(message({ recipient: BOB, message_id: 'shared-2' }));
    const handled = Promise.withResolvers<void>();
    const consumer = fleet.coordinator.consume(bob('b'), ({ queue_message }) => {
      if (queue_message.message.message_id === 'shared-1') throw new Error('no');
      handled.resolve();
    });
    await handled.promise;
    await consumer.close();
    await fleet.router.flush();
    expect(of((await fleet.preview()).candidates, 'success_rate')).toEqual({ a: 1, b: 0.5 });
  });

  test('giving back and recovery say nothing of an agent', async () => {
    await using fleet = new Fleet();
    await fleet.write('a');
    await fleet.fill(bob('a'), 1);
    const { coordinator } = fleet;
    await coordinator.release(bob('a'), (await coordinator.receive(bob('a')))!.token);
    await coordinator.receive(bob('a'), { visibilityTimeoutMs: 50 });
    await expect.poll(() => coordinator.recoverPending(bob('a'))).toBe(1);
    await fleet.router.flush();
    expect(await fleet.post.redis.exists(fleet.keys.agentOutcomes('bob', 'a'))).toBe(0);
  });
});

describe('the window of outcomes', () => {
  test('is the same as that of a list kept by hand, also when its size changes', async () => {
    await using fleet = new Fleet();
    await fleet.write('a');
    const expected: string[] = [];
    const batch = fc.record({
      outcomes: fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom('0', '1') }),
      size: fc.option(fc.integer({ min: 1, max: 6 }), { freq: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(batch, async ({ outcomes, size }) => {
        if (size !== null) fleet.router.configure({ successWindowSize: size });
        for (const outcome of outcomes)
          fleet.router.onSettled(bob('a'), outcome === '1' ? 'success' : 'failure');
        await fleet.router.flush();
        expected.push(...outcomes.split(''));
        expected.splice(0, Math.max(0, expected.length - fleet.router.settings.successWindowSize));
        const successes = expected.filter((outcome) => outcome === '1').length;
        expect((await fleet.preview()).candidates[0]?.success_rate).toBe(successes / expected.length);
        const kept = await fleet.post.redis.lrange(fleet.keys.agentOutcomes('bob', 'a'), 0, -1);
        expect(kept.map((entry) => entry[0]).toReversed()).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test('is exact when several processes tell of one agent at once', async () => {
    await using fleet = new Fleet();
    await fleet.write('a');
    const routers = [fleet.router, fleet.another(), fleet.another()];
    for (let round = 0; round < 10; round += 1) {
      for (const router of routers) {
        for (let n = 0; n < 3; n += 1) router.onSettled(bob('a'), n === 0 ? 'failure' : 'success');
      }
      await Promise.all(routers.map((router) => router.flush()));
    }
    expect((await fleet.preview()).candidates[0]?.success_rate).toBe(2 / 3);
    expect(await fleet.post.redis.llen(fleet.keys.agentOutcomes('bob', 'a'))).toBe(90);
  });

  test('costs one script for all that is settled in one turn of the loop', async () => {
    await using fleet = new Fleet();
    const scripts = vi.spyOn(fleet.connections[0]!, 'evalsha');
    for (let n = 0; n < 500; n += 1) fleet.router.onSettled(bob(`i${n % 20}`), 'success');
    await fleet.router.flush();
    expect(scripts).toHaveBeenCalledTimes(1);
    expect(await fleet.post.redis.llen(fleet.keys.agentOutcomes('bob', 'i7'))).toBe(25);
    expect(await fleet.post.redis.pttl(fleet.keys.agentOutcomes('bob', 'i7'))).toBeGreaterThan(86_000_000);
  });

  test('that somebody else wrote is counted anew', async () => {
    await using fleet = new Fleet();
    await fleet.write('a');
    await fleet.post.redis.rpush(fleet.keys.agentOutcomes('bob', 'a'), '0', '1', '1');
    await fleet.handle(bob('a'), '+');
    expect((await fleet.preview()).candidates[0]?.success_rate).toBe(0.75);
  });
});

describe('when something cannot be read', () => {
  test('it counts as the worst, and is logged', async () => {
    await using fleet = new Fleet();
    await fleet.write('a', 'b', 'c');
    const { redis, prefix } = fleet.post;
    await redis.set(`${prefix}:msg.bob.a:prioritized`, 'odd');
    await redis.hset(fleet.keys.agentRates('bob'), 'b', 'an odd one');
    const shown = await fleet.preview();
    expect(of(shown.candidates, 'score')).toEqual({ a: 0.7, b: 0.7, c: 0.4 });
    expect(shown.candidates[1]).toMatchObject({ instance: 'a', queue_length: null, success_rate: 1 });
    expect(shown.candidates[2]).toMatchObject({ instance: 'b', queue_length: 0, success_rate: null });
    expect(fleet.log.lines).toMatchObject([
      { level: 'warn', fields: { type: 'bob', instances: ['a', 'b'] } },
    ]);
    expect(await fleet.router.resolveTarget(BOB)).toEqual(bob('c'));
  });

  test('an outcome that cannot be written hinders neither the others nor who settles', async () => {
    await using fleet = new Fleet();
    await fleet.write('a', 'b');
    await fleet.post.redis.set(fleet.keys.agentOutcomes('bob', 'a'), 'odd');
    for (const name of ['a', 'b']) fleet.router.onSettled(bob(name), 'failure');
    await fleet.router.flush();
    expect(of((await fleet.preview()).candidates, 'success_rate')).toEqual({ a: null, b: 0 });
    expect(fleet.log.lines[0]).toMatchObject({ level: 'warn', fields: { agents: 1 } });
  });

  test('Redis is away: a choice says so, outcomes are dropped with a line', async () => {
    const log = new Lines();
    await using core = openCoordinationCore({ connection: 'redis://127.0.0.1:1/0', logger: log });
    const router = new Router(core, new AgentRegistry(core));
    router.onSettled(bob('a'), 'success');
    await router.flush();
    const warnings = log.lines.filter(({ level }) => level === 'warn');
    expect(warnings).toMatchObject([{ fields: { agents: 1 } }]);
    for (const act of [
      () => router.resolveTarget(BOB),
      () => router.resolveTarget(bob('a')),
      () => router.preview('bob'),
    ])
      await expect(act()).rejects.toMatchObject({ code: 'redis_unavailable' });
  });
});

test('registered agents are found, and one that registers anew has no past', async () => {
  await using fleet = new Fleet();
  const registry = fleet.registry();
  for (const instance of ['a', 'b']) await registry.register(someone({ instance }));
  await fleet.handle(bob('a'), '-');
  await registry.setDegraded(bob('b'), true, 'tired');
  expect((await fleet.preview()).candidates).toMatchObject([{ instance: 'a', success_rate: 0 }]);
  await registry.markStopped(bob('a'));
  expect((await fleet.preview()).excluded).toEqual([
    { instance: 'a', agent_type: 'bob', reason: 'not_running' },
    { instance: 'b', agent_type: 'bob', reason: 'degraded' },
  ]);
  await registry.deregister(bob('a'));
  await registry.register(someone({ instance: 'a' }));
  expect((await fleet.preview()).candidates).toMatchObject([{ instance: 'a', success_rate: 1 }]);
  await registry.close();
  expect(await fleet.preview()).toMatchObject({ selected: null, summary: { total_agents: 0 } });
});

test('fleets on one Redis do not see each other', async () => {
  await using one = new Fleet();
  await using other = new Fleet();
  await one.write('a');
  await one.handle(bob('a'), '-');
  await other.write('a', 'b');
  expect((await other.preview()).candidates.map(({ success_rate }) => success_rate)).toEqual([1, 1]);
  expect(await one.preview()).toMatchObject({ selected: 'a', summary: { total_agents: 1 } });
  expect(await one.router.resolveTarget(bob('b'))).toEqual(bob('a'));
});

describe('the router itself', () => {
  test('may be off: a message goes where it is addressed', async () => {
    await using fleet = new Fleet();
    await fleet.write('a');
    fleet.router.configure({ enabled: false });
    expect(await fleet.router.resolveTarget(BOB)).toEqual({ ...BOB, instance: null });
    expect(await fleet.router.resolveTarget(bob('gone'))).toEqual(bob('gone'));
    fleet.router.configure({ enabled: true });
    expect(await fleet.router.resolveTarget(BOB)).toEqual(bob('a'));
  });

  test('weighs anew as soon as it is configured, and not at all when a change is wrong', async () => {
    await using fleet = new Fleet();
    await fleet.agents.write(bob('fresh'), { ttlSeconds: 300 });
    await fleet.write('idle');
    await fleet.fill(bob('fresh'), 1);
    expect(await fleet.preview()).toMatchObject({ selected: 'fresh' });
    fleet.router.configure({ weightQueue: 6, weightHeartbeat: 2, weightSuccess: 0, heartbeatFreshMs: 5000 });
    expect(() => fleet.router.configure({ weightQueue: 0, weightSuccess: -1 })).toThrow(
      CoordinationValidationError,
    );
    expect(await fleet.preview()).toMatchObject({
      selected: 'idle',
      weights: { queue: 0.75, heartbeat: 0.25, success: 0 },
      configured_weights: { queue: 6, heartbeat: 2, success: 0 },
      configured_heartbeat_fresh_seconds: 5,
    });
    expect(await fleet.router.resolveTarget(BOB)).toEqual(bob('idle'));
  });

  test('refuses what cannot be before it asks Redis', async () => {
    await using fleet = new Fleet();
    const { router } = fleet;
    for (const act of [
      () => router.resolveTarget({ type: 'a b' }),
      () => router.resolveTarget(BOB, { excludeDegraded: 'yes' } as never),
      () => router.preview(''),
      () => router.preview('bob', { all: true } as never),
      async () => fleet.another({ weightQueue: 0, weightHeartbeat: 0, weightSuccess: 0 }),
    ])
      await expect(act()).rejects.toBeInstanceOf(CoordinationValidationError);
    expect(await router.preview('nobody')).toMatchObject({ selected: null, candidates: [] });
  });
});
