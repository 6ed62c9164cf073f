import { availableParallelism } from 'node:os';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AgentOperations } from '../../../src/coordination/agents/operations.ts';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { createFleetLog } from '../../../src/runtime/fleet-log.ts';
import { openCoordination, type FleetCoordination } from '../../../src/runtime/open-coordination.ts';
import { agentOperations } from '../../../src/runtime/operations/agents.ts';
import { startWorkerRole, type WorkerRole } from '../../../src/runtime/worker-role.ts';
import type { AgentEvent } from '../../../src/coordination/models/agent-event.ts';
import { quickConfig } from '../../../src/testing/settings.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

const A = 'input_processor:a';
let config: ReturnType<typeof quickConfig>;
let role: WorkerRole;
let look: FleetCoordination;
let operations: AgentOperations;
const others: WorkerRole[] = [];

function start(agentInstance: string): Promise<WorkerRole> {
  return startWorkerRole({
    config,
    redisUrl: server.url,
    log: createFleetLog(config, 'worker', agentInstance),
    metrics: createMetrics({ role: 'worker', version: '0' }),
    queues: ['ipa', 'wba'],
    instance: 'w1',
    agentInstance,
  });
}

beforeEach(async () => {
  config = quickConfig(server.url, {
    environment: 'development',
    'log.level': 'silent',
    'safety.enabled': 'false',
    'agents.auto_register': 'true',
    'agents.ipa.auto_register_enabled': 'true',
    'messaging.retry_attempts': '0',
    'agents.heartbeat_interval': '0.2',
  });
  role = await start('a');
  look = openCoordination({ ...role.core, metrics: createMetrics({ role: 'api', version: '0' }) });
  operations = agentOperations(look, role.core.queues);
});
afterEach(async () => {
  await look.close();
  await Promise.all([role, ...others.splice(0)].map((each) => each.stop()));
});

async function happens(kind: AgentEvent['kind'], commandId: string | null): Promise<void> {
  for (;;) {
    const events = await look.registry.events({ limit: 1000 });
    if (events.some((each) => each.kind === kind && each.details['command_id'] === commandId)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** How often the agent was called, as its next heartbeat tells. */
async function calls(atLeast: number): Promise<void> {
  for (;;) {
    const { requests } = await operations.getAgent({ type: 'ipa', instance: 'a' });
    if ((requests ?? 0) >= atLeast) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const understand = () =>
  role.core.queues.get('ipa')!.add('understand', { v: 1, input: { text: 'go north', view: null } });

test('[C3.4] a worker that may not register is listed as such, beside those that are', async () => {
  const agents = await operations.listAgents({});
  expect(agents.map(({ agent_id: id, registered }) => [id, registered])).toEqual([
    [A, true],
    ['world_builder:w1', false],
  ]);
  expect(await operations.systemSummary()).toMatchObject({
    total_agents: 2,
    healthy_agents: 1,
    unknown_agents: 1,
  });
});

test('[C3.6] a drained agent takes no jobs either, until it is restarted; its jobs count as calls', async () => {
  await understand();
  await calls(1);
  const drain = await operations.drainAgent({ type: 'ipa', instance: 'a' }, {}, LOCAL_OPERATOR);
  await happens('drained', drain.command_id);
  await understand();
  expect(await operations.getAgent({ type: 'ipa', instance: 'a' })).toMatchObject({ status: 'stopped' });
  expect((await role.core.queues.get('ipa')!.getJobCounts('waiting')).waiting).toBe(1);
  const restart = await operations.restartAgent({ type: 'ipa', instance: 'a' }, {}, LOCAL_OPERATOR);
  await happens('restarted', restart.command_id);
  await calls(2);
});

test('[C7] a message that lacks something is a dead letter that names it, and no answer is invented', async () => {
  await look.coordinator.send({
    message_id: 'nothing-in-it',
    sender: { type: 'tester' },
    recipient: { type: 'input_processor', instance: 'a' },
    message_type: 'request',
    payload: {},
  });
  for (;;) {
    const [letter] = await look.coordinator.listDeadLetters({ type: 'input_processor', instance: 'a' });
    if (letter === undefined) continue;
    expect(JSON.stringify(letter)).toContain('payload.text: is required');
    break;
  }
  expect(await look.coordinator.hasMailbox({ type: 'tester' })).toBe(false);
});

test('[C3.2] a second process with the same name is told so, is degraded, and does its jobs all the same', async () => {
  const second = await start('a');
  others.push(second);
  const { status, checks } = await second.readiness();
  expect(status).toBe('degraded');
  expect(checks.find(({ name }) => name === 'agents')?.detail).toContain(
    'input_processor:a is not registered',
  );
  expect((await operations.listAgents({ type: 'ipa' })).filter(({ registered }) => registered)).toHaveLength(
    1,
  );
});

test('[C3.4] who was started anew while its dead predecessor still had the name gets it when that counts as dead', async () => {
  const cores = availableParallelism();
  const named = { name: 'n', resources: { cpu_threads: cores } };
  config = quickConfig(server.url, {
    environment: 'development',
    'log.level': 'silent',
    'safety.enabled': 'false',
    'redis.key_prefix': config.redis.key_prefix,
    'agents.auto_register': 'true',
    'agents.ipa.auto_register_enabled': 'true',
    'agents.ipa.instances': JSON.stringify([named]),
    'agents.heartbeat_ttl': '2',
    'agents.heartbeat_interval': '0.2',
  });
  // It dies without a word: its record stands as long as its last heartbeat.
  const before = openCoordination({
    ...role.core,
    config,
    metrics: createMetrics({ role: 'api', version: '0' }),
  });
  const type = 'input_processor';
  await before.registry.register({ type, instance: 'n', ...named, process: async () => undefined });
  await before.registry.stop();
  const next = await start('unused');
  others.push(next);
  expect((await next.readiness()).checks.find(({ name }) => name === 'agents')?.detail).toContain(
    'input_processor:n is not registered',
  );
  await expect.poll(async () => (await next.readiness()).status, { timeout: 20_000 }).toBe('ready');
  expect(await operations.getAgent({ type: 'ipa', instance: 'n' })).toMatchObject({
    alive: true,
    status: 'idle',
  });
  expect((await look.registry.events()).filter(({ kind }) => kind === 'refused')).toEqual([]);
  await before.close();
});

test('[C3.2] a deregistered agent is gone from the list, and its worker goes on', async () => {
  await operations.deregisterAgent({ type: 'ipa', instance: 'a' });
  await expect(operations.getAgent({ type: 'ipa', instance: 'a' })).rejects.toMatchObject({
    code: 'agent_not_found',
  });
  const job = await understand();
  for (;;) {
    const state = await role.core.queues.get('ipa')!.getJobState(job.id!);
    if (state === 'completed') break;
    expect(state).not.toBe('failed');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});
