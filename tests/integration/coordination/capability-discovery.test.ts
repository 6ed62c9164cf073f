import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CapabilityDiscovery,
  type DiscoveryParts,
} from '../../../src/coordination/capabilities/discovery/discovery.ts';
import { DiscoveryStatus } from '../../../src/coordination/capabilities/discovery/status.ts';
import { resolveEnvironment } from '../../../src/coordination/capabilities/discovery/environment.ts';
import { CoordinationUnavailableError } from '../../../src/coordination/errors.ts';
import type { AgentCapabilitySet } from '../../../src/coordination/models/capability.ts';
import { deferred } from '../../../src/kernel/deferred.ts';
import { agent, Town } from '../../support/agents.ts';
import { house, skill } from '../../support/capabilities.ts';
import { Lines } from '../../support/coordination.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

const WEAVER = { type: 'weaver', instance: 'w1' };
const COMPONENT = { agent: WEAVER, capabilities: [skill()] };

describe('with Redis', () => {
  let server: TestRedis;
  beforeAll(async () => {
    server = await acquireRedis();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('an agent is advertised and found', async () => {
    await using town = new Town(server.url);
    const { registry, capabilities } = house(town);
    await using discovery = new CapabilityDiscovery({ store: capabilities, environment: 'development' });
    await registry.register(agent(WEAVER));
    expect(discovery.register({ ...COMPONENT, version: '3.0.0', priority: 9 }).status).toBe('discovering');
    expect(await discovery.discover('weaver:w1')).toMatchObject({ status: 'registered', attempts: 1 });
    expect(await capabilities.list()).toMatchObject([
      { agent_id: 'weaver:w1', version: '3.0.0', priority: 9 },
    ]);
  });

  test('with ENVIRONMENT=testing nothing is advertised, and the status is disabled', async () => {
    await using town = new Town(server.url);
    const { registry, capabilities } = house(town);
    const environment = resolveEnvironment({ ENVIRONMENT: 'testing' });
    await using discovery = new CapabilityDiscovery({ store: capabilities, environment });
    await registry.register(agent(WEAVER));
    discovery.register(COMPONENT);
    await discovery.discover('weaver:w1');
    await registry.heartbeat();
    expect(discovery.status()).toMatchObject({
      enabled: false,
      environment: 'testing',
      counts: { disabled: 1, registered: 0 },
      components: [{ component_id: 'weaver:w1', status: 'disabled', attempts: 0, last_error: null }],
    });
    expect(await town.redis.keys(`${town.prefix}:capabilities*`)).toEqual([]);
  });

  test('an agent that keeps its capabilities to itself has no keys', async () => {
    await using town = new Town(server.url);
    const { registry, capabilities } = house(town);
    await using discovery = new CapabilityDiscovery({ store: capabilities, environment: 'production' });
    await registry.register(agent(WEAVER));
    discovery.register({ ...COMPONENT, advertise: false });
    await registry.heartbeat();
    expect(discovery.status()).toMatchObject({ enabled: true, components: [{ status: 'disabled' }] });
    expect(await town.redis.keys(`${town.prefix}:capabilities*`)).toEqual([]);
  });

  test('the strategy heartbeat waits for the first heartbeat that succeeds', async () => {
    await using town = new Town(server.url);
    const { registry, capabilities } = house(town);
    await using discovery = new CapabilityDiscovery({
      store: capabilities,
      environment: 'staging',
      settings: { strategy: 'heartbeat' },
    });
    registry.attach(discovery.hooks);
    discovery.register(COMPONENT);
    expect(discovery.status().components[0]?.status).toBe('pending');
    await registry.register(agent(WEAVER));
    expect(await capabilities.list()).toEqual([]);
    await registry.heartbeat();
    expect(await discovery.settled('weaver:w1')).toMatchObject({ status: 'registered', attempts: 1 });
    expect(await capabilities.list()).toHaveLength(1);
  });
});

describe('rounds', () => {
  /** A store that answers each attempt in turn; the last answer stays. */
  function start(answers: (() => Promise<unknown>)[], change: Partial<DiscoveryParts> = {}) {
    const sets: unknown[] = [];
    const register = async (_agent: unknown, set: unknown): Promise<AgentCapabilitySet> => {
      const answer = answers[Math.min(sets.length, answers.length - 1)]!;
      sets.push(set);
      await answer();
      return set as AgentCapabilitySet;
    };
    const { settings, ...more } = change;
    const discovery = new CapabilityDiscovery({
      store: { register },
      environment: 'development',
      settings: { retryDelayMs: 1, ...settings },
      ...more,
    });
    return { discovery, sets };
  }
  const good = (): Promise<void> => Promise.resolve();
  const away = (): Promise<never> => Promise.reject(new CoordinationUnavailableError('advertise', undefined));

  test.for(['immediate', 'delayed', 'heartbeat', 'manual'] as const)(
    'with the strategy %s failures are tried again',
    async (strategy) => {
      const { discovery, sets } = start([away, away, good], { settings: { strategy, discoveryDelayMs: 1 } });
      discovery.register(COMPONENT);
      if (strategy === 'heartbeat') discovery.beaten({ type: 'weaver', instance: 'w1' });
      const end = strategy === 'manual' ? discovery.discover('weaver:w1') : discovery.settled('weaver:w1');
      expect(await end).toEqual({
        component_id: 'weaver:w1',
        agent_id: 'weaver:w1',
        status: 'registered',
        attempts: 3,
        last_error: null,
      });
      expect(sets).toHaveLength(3);
      await discovery.stop();
    },
  );

  test('end with failed when the retries are used up, and begin anew when asked', async () => {
    const { discovery, sets } = start([away, away, good], { settings: { retryAttempts: 1 } });
    discovery.register(COMPONENT);
    expect(await discovery.settled('weaver:w1')).toMatchObject({
      status: 'failed',
      attempts: 2,
      last_error: { code: 'redis_unavailable' },
    });
    expect(await discovery.discover('weaver:w1')).toMatchObject({
      status: 'registered',
      attempts: 1,
      last_error: null,
    });
    expect(sets).toHaveLength(3);
  });

  test('wrong capabilities are final, and the field is named', async () => {
    const { discovery, sets } = start([good]);
    discovery.register({ agent: WEAVER, capabilities: [skill(), skill({ name: 'Bad', version: '1' })] });
    const status = await discovery.settled('weaver:w1');
    expect(status).toMatchObject({ status: 'failed', attempts: 1, last_error: { code: 'validation' } });
    expect(status?.last_error?.message).toMatch(/capabilities\.1\.name.*capabilities\.1\.version/);
    expect(status?.last_error?.message).not.toContain('Bad');
    expect(sets).toEqual([]);
  });

  test('without validation the wrong ones are left out, and told', async () => {
    const log = new Lines();
    const { discovery, sets } = start([good], { settings: { capabilityValidation: false }, logger: log });
    discovery.register({ agent: WEAVER, capabilities: [{ name: 1 }, skill()] });
    expect((await discovery.settled('weaver:w1'))?.status).toBe('registered');
    expect(sets).toMatchObject([{ capabilities: [{ name: 'weave' }] }]);
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { agent: 'weaver:w1', index: 0 } }]);
    discovery.register({ agent: WEAVER, capabilities: [{ name: 1 }] });
    expect((await discovery.settled('weaver:w1'))?.status).toBe('failed');
  });

  test('agents that bring none get what is known of their type, and fail if nothing is', async () => {
    const infer = (type: string) => (type === 'weaver' ? [skill({ name: 'inferred' })] : undefined);
    const { discovery, sets } = start([good], { infer });
    discovery.register({ agent: WEAVER });
    discovery.register({ agent: { type: 'stranger' }, capabilities: [] });
    await discovery.settled('weaver:w1');
    expect(await discovery.settled('stranger:default')).toMatchObject({
      status: 'failed',
      last_error: { code: 'validation', message: expect.stringMatching(/capabilities.*stranger/) },
    });
    expect(sets).toMatchObject([{ agent_id: 'weaver:w1', capabilities: [{ name: 'inferred' }] }]);
  });

  test('an attempt that takes too long has failed', async () => {
    const { promise } = deferred();
    const { discovery } = start([() => promise, good], {
      settings: { discoveryTimeoutMs: 5, retryAttempts: 0 },
    });
    discovery.register(COMPONENT);
    expect(await discovery.settled('weaver:w1')).toMatchObject({
      status: 'failed',
      last_error: { code: 'discovery_timeout' },
    });
  });

  test('stop while an attempt is under way, or one is waited for, returns and ends them', async () => {
    const { promise } = deferred();
    const { discovery, sets } = start([() => promise], { settings: { strategy: 'immediate' } });
    discovery.register(COMPONENT);
    discovery.register({ ...COMPONENT, componentId: 'other', agent: { type: 'other' } });
    await discovery.stop();
    await discovery.stop();
    expect(sets).toHaveLength(2);
    const waiting = start([away], { settings: { retryDelayMs: 3_600_000 } });
    waiting.discovery.register(COMPONENT);
    await expect.poll(() => waiting.discovery.status().components[0]?.attempts).toBe(1);
    expect(waiting.discovery.status().components[0]?.status).toBe('pending');
    await waiting.discovery.stop();
    waiting.discovery.register({ ...COMPONENT, componentId: 'late' });
    expect(waiting.discovery.status().components.map(({ status }) => status)).toEqual(['pending', 'pending']);
  });

  test('a component that is removed is forgotten, and one nobody knows is not found', async () => {
    const { promise } = deferred();
    const { discovery } = start([() => promise]);
    discovery.register(COMPONENT);
    expect(discovery.remove('weaver:w1')).toBe(true);
    expect(discovery.remove('weaver:w1')).toBe(false);
    expect(discovery.status().components).toEqual([]);
    await expect(discovery.discover('weaver:w1')).rejects.toMatchObject({ code: 'component_not_found' });
    expect(await discovery.settled('weaver:w1')).toBeNull();
  });

  test('the status has the shape that is told to others', async () => {
    const { discovery } = start([good, away], { settings: { retryAttempts: 0 } });
    discovery.register({ ...COMPONENT, componentId: 'b' });
    await discovery.settled('b');
    discovery.register({ ...COMPONENT, componentId: 'a', agent: { type: 'other' } });
    await discovery.settled('a');
    const status = discovery.status();
    expect(DiscoveryStatus.parse(JSON.parse(JSON.stringify(status)))).toEqual(status);
    expect(status).toMatchObject({
      enabled: true,
      environment: 'development',
      strategy: 'immediate',
      counts: { pending: 0, discovering: 0, registered: 1, failed: 1, disabled: 0 },
    });
    expect(status.components.map(({ component_id }) => component_id)).toEqual(['a', 'b']);
  });

  test('settings are refused with every wrong one', () => {
    expect(() => start([good], { settings: { strategy: 'later' as never, retryAttempts: -1 } })).toThrow(
      /strategy.*retryAttempts/,
    );
  });
});
