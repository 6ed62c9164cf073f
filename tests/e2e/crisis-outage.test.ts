import { expect, test } from 'vitest';
import { OrchestrationResponse } from '../../src/contracts/turn.ts';
import { closeRedis, connectRedis } from '../../src/redis/connect.ts';
import { WEBHOOK_SECRET, webhookAt } from '../support/crises.ts';
import { everythingOf, placesOf } from '../support/everything.ts';
import { eventually, startHarness } from '../support/harness.ts';
import { isSigned, pageReceiver } from '../support/page-receiver.ts';
import { fleetProcesses } from '../support/processes.ts';
import { acquireRedis } from '../support/redis.ts';
import { tcpGate } from '../support/tcp-gate.ts';

const CRISIS = 'I want to kill myself';

async function say(url: string, session: string): Promise<OrchestrationResponse> {
  const response = await fetch(`${url}/v1/sessions/${session}/turns`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': `req-${session}` },
    body: JSON.stringify({ text: CRISIS, wait_ms: 0, create_session: true }),
  });
  expect(response.status).toBe(200);
  return OrchestrationResponse.parse(await response.json());
}

// Acceptance check 4 of the chapter on safety, by the fleet's own processes.
test('players are answered while Redis is away; afterwards each crisis stands there once, and people are told once', async () => {
  await using redis = await acquireRedis();
  const target = new URL(redis.url);
  await using gate = await tcpGate({ host: target.hostname, port: Number(target.port || 6379) });
  await using hook = await pageReceiver();
  await using h = await startHarness({ redisUrl: `redis://127.0.0.1:${gate.port}/0`, workers: [] });
  const { keys } = h.core.store;
  const client = await connectRedis({ url: redis.url, name: 'outage-test', onOutage: 'fail_fast' });
  await using closing = new AsyncDisposableStack();
  closing.defer(() => closeRedis(client));
  const settings = {
    'safety.enabled': 'true',
    'safety.default_region': 'US',
    'safety.hmac_secret': 'a secret of at least thirty-two bytes',
    ...webhookAt(hook.url),
  };
  await using processes = fleetProcesses(h, settings);
  const [api] = await Promise.all([processes.start('api'), processes.start('worker', 'safety')]);
  const url = String(api.ready['url']);

  await gate.close();
  for (const session of ['one', 'two', 'one']) {
    const answer = await say(url, session);
    expect(answer).toMatchObject({ status: 'crisis_response', human_oversight_notified: 'queued' });
    expect(answer.response_text.slice(0, 400)).toContain('988');
  }
  expect(hook.seen).toEqual([]);
  await gate.open();

  await eventually(async () => expect(hook.taken).toHaveLength(2), 60_000);
  expect(new Set(hook.taken.map(({ json }) => json['session_id']))).toEqual(new Set(['one', 'two']));
  expect(hook.taken.every((page) => isSigned(page, WEBHOOK_SECRET))).toBe(true);
  expect(new Set(hook.taken.map(({ key }) => key)).size).toBe(2);
  const once = { event_count: 1, human_notified: true, events: [{ origin: 'log' }] };
  await eventually(async () => {
    const ids = await client.zrange(keys.safetyInterventions(), '0', '-1');
    const records = await Promise.all(ids.map((id) => client.hget(keys.safetyIntervention(id), 'data')));
    expect(records.map((data) => JSON.parse(data!) as unknown)).toMatchObject([once, once]);
    const due = await client.zrange(keys.safetyDue(), '0', '-1');
    expect(due.filter((entry) => !entry.startsWith('ack'))).toEqual([]);
  });
  expect(hook.taken).toHaveLength(2);
  expect(placesOf(await everythingOf(client, keys.prefix), ['kill myself'])).toEqual([]);
  expect(JSON.stringify(hook.seen)).not.toContain('kill myself');
  expect(api.stderr()).not.toContain('kill myself');
}, 150_000);
