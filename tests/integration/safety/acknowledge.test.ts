import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFleetClient } from '../../../src/client/client.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { startApiRole, type ApiRole } from '../../../src/runtime/api-role.ts';
import { quickConfig } from '../../../src/testing/settings.ts';
import { crisesOf, crisisOf, webhookAt, type Crises } from '../../support/crises.ts';
import { eventually, startHarness, type Harness } from '../../support/harness.ts';
import { pageReceiver, type PageReceiver } from '../../support/page-receiver.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

const SECRET = 'a'.repeat(43);
const sha256 = createHash('sha256').update(SECRET).digest('hex');

let redis: TestRedis;
let hook: PageReceiver;
let h: Harness;
let api: ApiRole;
let crises: Crises;
beforeAll(async () => {
  redis = await acquireRedis();
  hook = await pageReceiver();
  const settings = {
    ...webhookAt(hook.url),
    'redis.key_prefix': `t${randomBytes(6).toString('hex')}`,
    'safety.notify.dashboard_url': 'http://127.0.0.1',
    port: '0',
    'auth.api_keys': JSON.stringify([{ id: 'boss', sha256, roles: ['admin'] }]),
  };
  h = await startHarness({
    redisUrl: redis.url,
    settings,
    workers: ['safety-protocol', 'safety-escalation'],
  });
  api = await startApiRole({
    config: quickConfig(redis.url, settings),
    redisUrl: redis.url,
    log: h.core.log,
    metrics: createMetrics({ role: 'api', version: '0' }),
  });
  crises = await crisesOf(h);
});
afterAll(async () => {
  await api.close();
  await h[Symbol.asyncDispose]();
  await hook[Symbol.asyncDispose]();
  await redis.dispose();
});

async function paged(): Promise<{ id: string; token: string }> {
  const crisis = await crises.write(crisisOf());
  await crises.caller.tell(crisis);
  const id = `${crisis.intervention_id}-1`;
  const page = await eventuallyFound(() => hook.taken.find(({ json }) => json['escalation_id'] === id));
  return { id, token: String(page.json['ack_token']) };
}

async function eventuallyFound<T>(find: () => T | undefined): Promise<T> {
  let found: T | undefined;
  await eventually(async () => {
    found = find();
    expect(found).toBeDefined();
  });
  return found!;
}

async function post(path: string, body: unknown, key?: string) {
  const response = await fetch(`${api.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('the token of a page acknowledges once; another person learns who has it; a foreign, used or missing token is refused', async () => {
  const { id, token } = await paged();
  const other = await paged();
  const path = `/v1/safety/escalations/${id}/acknowledge`;
  expect(await post(path, { human_id: 'anna' })).toMatchObject({ status: 401 });
  for (const bad of [other.token, 'nonsense', `${token}x`, token.replace(/^\d+/, '1')]) {
    const refused = await post(path, { human_id: 'anna', token: bad });
    expect(refused).toMatchObject({ status: 401, body: { code: 'ACK_TOKEN_INVALID' } });
  }
  const taken = await post(path, { human_id: 'anna', notes: 'calling', token });
  expect(taken).toMatchObject({
    status: 200,
    body: { status: 'acknowledged', assigned_human: 'anna', already_acknowledged_by: null },
  });
  expect(await post(path, { human_id: 'anna', token })).toMatchObject({
    status: 200,
    body: { version: taken.body['version'], already_acknowledged_by: null },
  });
  // Its one use is over for everybody else.
  expect((await post(path, { human_id: 'ben', token })).status).toBe(401);
  expect(await post(path, { human_id: 'ben' }, `ao_boss_${SECRET}`)).toMatchObject({
    status: 200,
    body: { assigned_human: 'anna', already_acknowledged_by: 'anna' },
  });
});

test('the link leads to a page that asks and changes nothing', async () => {
  const { id } = await paged();
  const page = await fetch(`${api.url}/v1/safety/acknowledge`);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await page.text()).toContain('I take it');
  expect((await fetch(`${api.url}/v1/safety/escalations/${id}/acknowledge`)).status).toBe(405);
  expect((await crises.people.context.escalations.get(id)).status).toBe('pending');
});

test('administrators list, read and resolve; nobody else does', async () => {
  const { id } = await paged();
  const boss = createFleetClient({ baseUrl: api.url, apiKey: `ao_boss_${SECRET}`, maxRetries: 0 });
  expect((await fetch(`${api.url}/v1/safety/escalations`)).status).toBe(401);
  const listed = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof boss.listEscalations>> = await boss.listEscalations({
      limit: 1,
      ...(cursor === null ? {} : { cursor }),
    });
    listed.push(...page.items.map((one) => one.escalation_id));
    cursor = page.next_cursor;
  } while (cursor !== null);
  expect(listed[0]).toBe(id);
  expect(new Set(listed).size).toBe(listed.length);
  expect(await boss.getEscalation(id)).toMatchObject({ status: 'pending', tier: 'on_call' });
  expect(await boss.resolveEscalation(id, { human_id: 'anna' })).toMatchObject({ status: 'resolved' });
  await expect(boss.acknowledgeEscalation(id, { human_id: 'anna' })).rejects.toMatchObject({
    status: 409,
    code: 'ESCALATION_RESOLVED',
  });
  await expect(boss.getEscalation('nobody-1')).rejects.toMatchObject({ status: 404 });
});

test('the console shows pages and alerts, and a channel can be tried', async () => {
  const boss = createFleetClient({ baseUrl: api.url, apiKey: `ao_boss_${SECRET}`, maxRetries: 0 });
  const { id } = await paged();
  await eventually(async () => {
    const { items } = await boss.listSafetyAlerts();
    expect(items.map(({ kind, data }) => [kind, data['escalation_id']])).toContainEqual(['page', id]);
  });
  expect(await boss.testChannel('webhook')).toMatchObject({ outcome: 'delivered' });
  expect(hook.taken.at(-1)!.json).toMatchObject({ type: 'safety.test' });
  expect(await boss.testChannel('sms')).toMatchObject({ outcome: 'skipped' });
});
