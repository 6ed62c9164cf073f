import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFleetClient, FleetClientError, type FleetClient } from '../../../src/client/client.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { startApiRole, type ApiRole } from '../../../src/runtime/api-role.ts';
import { startHarness, type Harness } from '../../support/harness.ts';
import { quickConfig } from '../../../src/testing/settings.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

const two = { name: 'two_step', agent_sequence: [{ agent: 'ipa' }, { agent: 'nga' }] };

/** Two API processes' worth of HTTP before one fleet. */
describe('definitions over HTTP', () => {
  let redis: TestRedis;
  let h: Harness;
  const apis: ApiRole[] = [];
  const clients: FleetClient[] = [];
  beforeAll(async () => {
    redis = await acquireRedis();
    const prefix = `t${randomBytes(6).toString('hex')}`;
    h = await startHarness({ redisUrl: redis.url, settings: { 'redis.key_prefix': prefix } });
    for (let i = 0; i < 2; i++) {
      const config = quickConfig(redis.url, { 'redis.key_prefix': prefix, port: '0' });
      const metrics = createMetrics({ role: 'api', version: '0' });
      const api = await startApiRole({ config, redisUrl: redis.url, log: h.core.log, metrics });
      apis.push(api);
      clients.push(createFleetClient({ baseUrl: api.url, maxRetries: 0 }));
    }
  });
  afterAll(async () => {
    await Promise.all(apis.map((api) => api.close()));
    await h[Symbol.asyncDispose]();
    await redis.dispose();
  });

  const post = (body: unknown, api = apis[0]!) =>
    fetch(`${api.url}/v1/workflows/definitions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  test('what is wrong with those that are refused is counted, problem by problem', async () => {
    const counted = async (): Promise<string[]> => {
      const text = await (await fetch(`${apis[0]!.url}/metrics`)).text();
      const lines = text.split('\n').filter((line) => line.includes('workflow_validation_errors_total{'));
      return lines.map((line) => line.replace(/^.*code="(\w+)".* (\d+)$/, '$1 $2')).toSorted();
    };
    expect(await counted()).toEqual([]);
    const agent_sequence = [{ agent: 'nobody' }, { agent: 'ipa', timeout_seconds: -1 }];
    expect((await post({ name: 'wrong', agent_sequence })).status).toBe(422);
    expect((await post({ ...two, name: 'collaborative' })).status).toBe(409);
    expect(await counted()).toEqual(['invalid_timeout 1', 'reserved_name 1', 'unknown_agent 1']);
  });

  test('one that is registered here can be started there at once, and runs [R8.3]', async () => {
    const [here, there] = clients as [FleetClient, FleetClient];
    const { core } = apis[1]!;
    const channel = core.store.keys.definitionsRevision();
    // It has not heard of anything yet.
    await core.subscriber.unsubscribe(channel);
    for (let round = 1; round <= 3; round++) {
      const name = `at_once_${round}`;
      const { definition, created } = await here.putDefinition({ ...two, name });
      expect([definition.version, definition.source, created]).toEqual([1, 'stored', true]);
      const started = await there.startRun(name, { input: { text: 'go north' } });
      if (started.done) throw new Error('nobody waited');
      const ended = await there.waitForRun(started.accepted.run_id);
      expect(ended).toMatchObject({ status: 'completed', workflow: name, version: 1 });
    }
    await core.subscriber.subscribe(channel);
  });

  test('201 with its place and its graph, then 200, then 409', async () => {
    const first = await post({ ...two, version: 4 });
    expect(first.status).toBe(201);
    expect(first.headers.get('location')).toBe('/v1/workflows/definitions/two_step?version=4');
    const body = (await first.json()) as { graph: { nodes: { kind: string; name?: string }[] } };
    const steps = body.graph.nodes.filter(({ kind }) => kind === 'step').map(({ name }) => name);
    expect(steps).toEqual(['ipa', 'nga']);
    expect((await post({ version: 4, ...two }, apis[1])).status).toBe(200);
    const other = await post({ ...two, version: 4, error_handling: 'retry' });
    expect([other.status, ((await other.json()) as { code: string }).code]).toEqual([409, 'VERSION_EXISTS']);
    const reserved = await post({ ...two, name: 'collaborative' });
    expect([reserved.status, ((await reserved.json()) as { code: string }).code]).toEqual([
      409,
      'RESERVED_NAME',
    ]);
  });

  test('422 with every problem, and nothing is stored', async () => {
    const bad = {
      name: 'Bad',
      agent_sequence: [{ agent: 'poet' }, { agent: 'ipa', timeout_seconds: -1 }],
      timeout_config: { total_seconds: 1e9 },
    };
    const answer = await post(bad);
    const { code, errors } = (await answer.json()) as { code: string; errors: { code: string }[] };
    expect([answer.status, code]).toEqual([422, 'INVALID_WORKFLOW']);
    expect(new Set(errors.map((problem) => problem.code))).toEqual(
      new Set(['unknown_agent', 'invalid_timeout', 'invalid_name']),
    );
    const long = await post({ ...two, name: 'long', timeout_config: { total_seconds: 3000 } });
    expect([long.status, await long.text()]).toEqual([422, expect.stringContaining('invalid_timeout')]);
    for (const nonsense of [null, 5, 'x', [], {}, { nodes: 1 }])
      expect((await post(nonsense)).status).toBe(422);
    const names = (await clients[0]!.listDefinitions()).map(({ name }) => name);
    for (const name of ['Bad', 'long']) expect(names).not.toContain(name);
  });

  test('two APIs that register one name at once give it two versions, and agree on them', async () => {
    const contents = ['fail_fast', 'retry'].map((error_handling) => ({
      ...two,
      name: 'both',
      error_handling,
    }));
    const [one, other] = await Promise.all(contents.map((content, i) => clients[i]!.putDefinition(content)));
    expect(new Set([one!.definition.version, other!.definition.version])).toEqual(new Set([1, 2]));
    const same = await Promise.all(
      clients.map((client) => client.putDefinition({ ...contents[0]!, name: 'agreed' })),
    );
    expect(new Set(same.map(({ created }) => created))).toEqual(new Set([false, true]));
  });

  test('204, then 404; 409 for the built-in ones and while a run is open', async () => {
    const [client] = clients as [FleetClient];
    await client.putDefinition({ ...two, name: 'waiting' });
    await h.core.queues.get('ipa')!.pause();
    const started = await client.startRun('waiting', { input: { text: 'look' } });
    if (started.done) throw new Error('nobody waited');
    const codeOf = (refused: Promise<unknown>): Promise<unknown> =>
      refused.catch((error: unknown) => (error instanceof FleetClientError ? error.code : error));
    expect(await codeOf(client.deleteDefinition('waiting'))).toBe('DEFINITION_IN_USE');
    await h.core.queues.get('ipa')!.resume();
    await client.waitForRun(started.accepted.run_id);
    await client.deleteDefinition('waiting', { version: 1 });
    expect(await codeOf(client.deleteDefinition('waiting'))).toBe('WORKFLOW_NOT_FOUND');
    expect(await codeOf(clients[1]!.startRun('waiting', { input: { text: 'look' } }))).toBe(
      'WORKFLOW_NOT_FOUND',
    );
    expect(await codeOf(client.deleteDefinition('collaborative'))).toBe('RESERVED_NAME');
    expect(await codeOf(client.getDefinition('collaborative', { version: 9 }))).toBe('WORKFLOW_NOT_FOUND');
  });
});
