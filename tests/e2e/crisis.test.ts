import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../src/contracts/caller.ts';
import { OrchestrationResponse } from '../../src/contracts/turn.ts';
import { closeRedis, connectRedis, type RedisClient } from '../../src/redis/connect.ts';
import { deletePrefix } from '../../src/testing/own-redis.ts';
import { everythingOf, placesOf } from '../support/everything.ts';
import { MemorySafety } from '../support/memory-safety.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../support/redis.ts';
import { RedisSafety } from '../support/redis-safety.ts';
import { startScreenedApi } from '../support/screened-api.ts';
import { tcpGate } from '../support/tcp-gate.ts';

const CRISIS = 'I want to kill myself';

let redis: TestRedis;
let client: RedisClient;
beforeAll(async () => {
  redis = await acquireRedis();
  client = await connectRedis({ url: redis.url, name: 'crisis-test', onOutage: 'fail_fast' });
});
afterAll(async () => {
  await closeRedis(client);
  await redis.dispose();
});

async function say(url: string, session: string, text: string, headers: Record<string, string> = {}) {
  const startedAt = performance.now();
  const response = await fetch(`${url}/v1/sessions/${session}/turns`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ text, wait_ms: 0, create_session: true }),
  });
  const body: unknown = await response.json();
  return { status: response.status, body, ms: performance.now() - startedAt };
}

function answerOf(answer: { status: number; body: unknown }): OrchestrationResponse {
  expect(answer.status).toBe(200);
  return OrchestrationResponse.parse(answer.body);
}

test('with thousands of jobs waiting and no worker, a crisis is answered at once and adds no job', async () => {
  const safety = new MemorySafety();
  const logLines: string[] = [];
  const api = await startScreenedApi(redis.url, safety, {}, logLines);
  try {
    const items = Array.from({ length: 1000 }, () => ({ input: { text: 'look around' } }));
    for (let i = 0; i < 2; i++) {
      await api.operations.startRuns('input_processing', { items, atomic: false }, LOCAL_OPERATOR);
    }
    const count = async (): Promise<number[]> =>
      Promise.all([...api.core.queues.values()].map((queue) => queue.getJobCountByTypes()));
    const before = await count();
    expect(before[0]).toBeGreaterThanOrEqual(2000);
    const times: number[] = [];
    for (let i = 0; i < 30; i++) {
      const answer = await say(api.url, `s${i}`, CRISIS);
      expect(answerOf(answer)).toMatchObject({
        status: 'crisis_response',
        workflow_metadata: { run_id: null },
        human_oversight_notified: 'queued',
      });
      times.push(answer.ms);
    }
    expect(await count()).toEqual(before);
    // Far from what a worker would take; the benchmark says how far.
    expect(times.sort((a, b) => a - b)[15]).toBeLessThan(250);
    expect(safety.interventions.size).toBe(30);

    // Its words are nowhere: not in Redis, not in the log, not in metrics.
    const { keys } = api.core.store;
    expect(placesOf(await everythingOf(client, keys.prefix), ['kill myself'])).toEqual([]);
    const metrics = await (await fetch(`${api.url}/metrics`)).text();
    expect(metrics).toMatch(/safety_intervention_response_seconds_count(?:\{[^}]*\})? 30/);
    expect(metrics + logLines.join('')).not.toContain('kill myself');
  } finally {
    const { prefix } = api.core.store.keys;
    await api.close();
    await deletePrefix(client, `${prefix}:`);
  }
});

test('with Redis away a crisis is answered with places to turn to, and everything else is told to wait', async () => {
  const target = new URL(redis.url);
  const gate = await tcpGate({ host: target.hostname, port: Number(target.port || 6379) });
  const safety = new MemorySafety();
  const api = await startScreenedApi(`redis://127.0.0.1:${gate.port}/0`, safety);
  try {
    const key = { 'idempotency-key': 'k1' };
    const before = answerOf(await say(api.url, 'away', CRISIS, { 'idempotency-key': 'k0' }));
    await gate.close();
    safety.outage = new Error('Redis is away');
    expect((await say(api.url, 'away', 'look around')).status).toBe(503);
    const answer = await say(api.url, 'away', CRISIS, key);
    expect(answerOf(answer)).toMatchObject({
      status: 'crisis_response',
      response_text: expect.stringContaining('988'),
      human_oversight_notified: 'none',
      crisis_response: { support_resources: [{ id: 'us-988' }], emergency_contacts: ['911'] },
    });
    expect(answer.ms).toBeLessThan(3000);
    await gate.open();
    safety.outage = null;
    // The same request once more: what was answered without a record has one now.
    await expect
      .poll(async () => (await say(api.url, 'away', 'look around')).status, { timeout: 15_000 })
      .toBe(202);
    const again = answerOf(await say(api.url, 'away', CRISIS, key));
    expect(again.crisis_response!.intervention_id).toBe(before.crisis_response!.intervention_id);
    expect([...safety.interventions.values()]).toMatchObject([{ event_count: 2 }]);
  } finally {
    await api.close();
    await gate[Symbol.asyncDispose]();
  }
});

test('two processes that get one request at once, again and again, write one intervention with one event', async () => {
  const prefix = testPrefix();
  const safety = new MemorySafety();
  const settings = { 'redis.key_prefix': prefix };
  const apis = await Promise.all([0, 1].map(() => startScreenedApi(redis.url, safety, settings)));
  try {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        say(apis[i % 2]!.url, 'both', CRISIS, { 'idempotency-key': 'one' }),
      ),
    );
    const ids = answers.map((answer) => answerOf(answer).crisis_response!.intervention_id);
    expect(new Set(ids).size).toBe(1);
    expect([...safety.interventions.values()]).toMatchObject([{ event_count: 1 }]);
  } finally {
    await Promise.all(apis.map((api) => api.close()));
    await deletePrefix(client, `${prefix}:`);
  }
});

test('an API that is killed between writing and answering leaves one intervention when it is asked again', async () => {
  const prefix = testPrefix();
  const dying = spawn(
    process.execPath,
    [join(import.meta.dirname, '../support/dying-api.ts'), redis.url, prefix],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = once(dying, 'exit');
  const [line] = (await once(dying.stdout, 'data')) as [Buffer];
  const key = { 'idempotency-key': 'once' };
  await expect(say(String(line).trim(), 'killed', CRISIS, key)).rejects.toThrow();
  expect((await ended)[1]).toBe('SIGKILL');
  const safety = new RedisSafety(client, prefix);
  const [known] = Object.values(await safety.written());
  const api = await startScreenedApi(redis.url, safety, { 'redis.key_prefix': prefix });
  try {
    // The dead process still holds the key.
    const answer = answerOf(await say(api.url, 'killed', CRISIS, key));
    expect(answer.crisis_response!.intervention_id).toBe(known);
    expect(Object.values(await safety.written())).toEqual([known]);
  } finally {
    await api.close();
    await deletePrefix(client, `${prefix}:`);
  }
});
