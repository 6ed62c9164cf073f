import { createHash, randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createFleetClient, FleetClientError, type FleetClient } from '../../../src/client/client.ts';
import { MessageCoordinator } from '../../../src/coordination/messages/coordinator.ts';
import type { AgentMessageInput } from '../../../src/coordination/models/message.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { startApiRole, type ApiRole } from '../../../src/runtime/api-role.ts';
import { quickConfig } from '../../../src/testing/settings.ts';
import { message } from '../../support/coordination.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

const SECRET = 'I told nobody';

const secret = randomBytes(32).toString('base64url');
const keyOf = (role: string): string => `ao_${role}_${secret}`;

let redis: TestRedis;
let api: ApiRole;
let client: FleetClient;
/** An agent's process, which knows nothing of the fleet but where its Redis is. */
let agents: MessageCoordinator;
let commands: Redis;
let round = 0;
let bob: { type: string; instance: string };

beforeAll(async () => {
  redis = await acquireRedis();
  const config = quickConfig(redis.url, {
    port: '0',
    'auth.api_keys': JSON.stringify(
      ['admin', 'read'].map((role) => ({
        id: role,
        roles: [role],
        sha256: createHash('sha256').update(secret).digest('hex'),
      })),
    ),
    'rate_limits.operate_per_s': '1000',
    'rate_limits.read_per_s': '1000',
    'messaging.queue_size': '3',
    'messaging.retry_attempts': '1',
    'messaging.backoff_base': '0',
    'messaging.sweep_interval_ms': '60000',
  });
  api = await startApiRole({
    config,
    redisUrl: redis.url,
    log: createLogger({ level: 'silent', role: 'test', instance: 't', version: '0' }),
    metrics: createMetrics({ role: 'api', version: '0' }),
  });
  client = createFleetClient({ baseUrl: api.url, apiKey: keyOf('admin'), maxRetries: 0 });
  agents = new MessageCoordinator({
    connection: redis.url,
    keyPrefix: config.redis.key_prefix,
    messaging: { sweepIntervalMs: 60_000 },
  });
  commands = new Redis(redis.url);
});
afterAll(async () => {
  await agents?.close();
  await api?.close();
  await commands?.quit();
  await redis[Symbol.asyncDispose]();
});
beforeEach(() => {
  bob = { type: 'bob', instance: `b${(round += 1)}` };
});

const toBob = (change: Partial<AgentMessageInput> = {}): AgentMessageInput =>
  message({ recipient: bob, payload: { thought: SECRET }, ...change });

async function refusal(work: Promise<unknown>): Promise<FleetClientError> {
  return work.then(
    () => expect.unreachable('it was accepted'),
    (error: unknown) => error as FleetClientError,
  );
}

/** A dead letter of bob, and the id it has for operators. */
async function deadLetter(change: Partial<AgentMessageInput> = {}): Promise<string> {
  await client.sendMessage(toBob(change));
  const { token } = (await agents.receive(bob))!;
  await agents.nack(bob, token, { failure: 'permanent', error: 'it makes no sense' });
  const { items } = await client.mailboxDeadLetters(bob);
  return items[0]!.dlq_id;
}

const scrape = async (): Promise<string> => (await fetch(`${api.url}/metrics`)).text();

describe('a message over HTTP', () => {
  test('[R2.2] is in the mailbox until its agent has handled it', async () => {
    const low = toBob({ priority: 1 });
    const high = toBob({ priority: 9 });
    expect(await client.sendMessage(low)).toMatchObject({
      delivered: true,
      duplicate: false,
      recipient: bob,
    });
    expect(await client.sendMessage(low)).toMatchObject({ delivered: true, duplicate: true });
    await client.sendMessage(high);
    const name = `bob:${bob.instance}`;
    expect(await client.mailbox(bob)).toMatchObject({
      agent_id: name,
      paused: false,
      counts: { waiting: 2, delayed: 0, reserved: 0 },
      by_priority: { '9': 1, '5': 0, '1': 1 },
      oldest_waiting_s: expect.any(Number) as number,
      dlq: 0,
    });
    const received = (await agents.receive(bob))!;
    expect(received.queue_message.message).toMatchObject({
      message_id: high.message_id,
      payload: high.payload,
    });
    expect((await client.mailbox(bob)).counts).toEqual({ waiting: 1, delayed: 0, reserved: 1 });
    await agents.ack(bob, received.token);
    expect((await client.mailboxes({ limit: 100 })).items.map(({ agent_id: id }) => id)).toContain(name);

    // Entries are written without making anybody wait.
    const events = async () => (await client.messageAudit({ agent: name })).items.map(({ event }) => event);
    await expect.poll(events).toEqual(['acked', 'received', 'sent', 'duplicate', 'sent']);
    const [newest] = (await client.messageAudit({ messageId: high.message_id })).items;
    expect(newest).toMatchObject({ event: 'acked', priority: 9 });
    expect(JSON.stringify(newest)).not.toContain(SECRET);
  });

  test('[R2.3] beyond what a mailbox holds it is refused, and told when to come again', async () => {
    const results = await client.broadcastMessage(toBob(), [bob, bob, { type: 'carl' }]);
    expect(results.map(({ delivered, duplicate }) => [delivered, duplicate])).toEqual([
      [true, false],
      [true, true],
      [true, false],
    ]);
    for (let n = 0; n < 2; n += 1) await client.sendMessage(toBob());
    const full = await refusal(client.sendMessage(toBob()));
    expect(full).toMatchObject({ status: 429, code: 'QUEUE_FULL' });
    expect(full.problem?.retry_after_s).toBe(1);
    const [again] = await client.broadcastMessage(toBob(), [bob]);
    expect(again).toMatchObject({ delivered: false, error: 'queue full', error_code: 'queue_full' });
    expect(await scrape()).toContain(
      `agent_orchestration_messages_delivery_errors_total{agent="bob:${bob.instance}",reason="queue_full"} 2`,
    );
  });

  test('[R2.1] that is too large, or to nobody, is refused by the field', async () => {
    const large = await refusal(client.sendMessage(toBob({ payload: { text: 'x'.repeat(300_000) } })));
    expect(large).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
    expect(large.problem?.errors?.map(({ path }) => path)).toEqual(['/payload']);
    const none = await refusal(client.sendMessage(toBob({ recipient: { type: '4' } })));
    expect(none.problem?.errors?.map(({ path }) => path)).toEqual(['/recipient/type']);
  });

  test("to one of the fleet's agents may use its short name", async () => {
    const { recipient } = await client.sendMessage(message({ recipient: { type: 'ipa', instance: 'i1' } }));
    expect(recipient).toEqual({ type: 'input_processor', instance: 'i1' });
    expect((await client.mailbox({ type: 'ipa', instance: 'i1' })).agent_id).toBe('input_processor:i1');
  });
});

describe('dead letters of mailboxes', () => {
  test('[R2.4] stand in the one list beside those of queues, newest first, and are replayed by their id', async () => {
    const dlqId = await deadLetter({ message_id: 'given-up-1' });
    expect(dlqId).toMatch(new RegExp(String.raw`^dlq\.bob\.${bob.instance}~d-`));
    await api.core.workflows.deadLetterQueues.get('nga')!.add('x', {}, { jobId: 'a-step', attempts: 1 });
    const failed = api.core.workflows.deadLetterQueues.get('nga')!;
    const prefix = `${failed.opts.prefix}:nga`;
    await commands.lrem(`${prefix}:wait`, 0, 'a-step');
    await commands.hset(`${prefix}:a-step`, {
      failedReason: 'step_timeout: too slow',
      finishedOn: Date.now() + 1000,
    });
    await commands.zadd(`${prefix}:failed`, Date.now() + 1000, 'a-step');

    const { items } = await client.listDeadLetters();
    expect(items.slice(0, 2).map(({ dlq_id: id }) => id)).toEqual(['nga~a-step', dlqId]);
    expect(items[1]).toMatchObject({
      queue: `dlq.bob.${bob.instance}`,
      workflow_id: null,
      reason: 'permanent_failure',
      error: 'it makes no sense',
      attempts: 1,
      replays: 0,
    });
    const first = await client.listDeadLetters({ limit: 1 });
    const second = await client.listDeadLetters({ limit: 1, cursor: first.next_cursor! });
    expect(second.items[0]?.dlq_id).toBe(dlqId);
    expect(await client.getDeadLetter(dlqId)).toMatchObject({
      data: { message: { message_id: 'given-up-1', payload: { thought: SECRET } } },
      stacktrace: [expect.stringContaining('permanent: it makes no sense')],
    });
    const reader = createFleetClient({ baseUrl: api.url, apiKey: keyOf('read') });
    expect(JSON.stringify(await reader.getDeadLetter(dlqId))).not.toContain(SECRET);

    expect(await client.replayDeadLetter(dlqId)).toEqual({ job_id: 'm-given-up-1' });
    expect((await client.mailbox(bob)).dlq).toBe(0);
    const { token } = (await agents.receive(bob))!;
    await agents.nack(bob, token, { failure: 'permanent' });
    expect((await client.mailboxDeadLetters(bob)).items).toMatchObject([{ dlq_id: dlqId, replays: 1 }]);
    expect(await client.discardDeadLetter(dlqId, { reason: 'a test' })).toMatchObject({ dlq_id: dlqId });
    for (const gone of [client.getDeadLetter(dlqId), client.replayDeadLetter(dlqId)])
      expect(await refusal(gone)).toMatchObject({ status: 404, code: 'DEAD_LETTER_NOT_FOUND' });
    await failed.remove('a-step');
  });

  test('[R2.4] go back to their mailbox together, the first that was given up in front', async () => {
    for (const message_id of ['given-up-a', 'given-up-b']) await deadLetter({ message_id });
    const filter = { queue: `dlq.bob.${bob.instance}` };
    expect((await client.replayDeadLetters({ filter, dry_run: true })).items).toHaveLength(2);
    expect((await client.mailbox(bob)).dlq).toBe(2);
    const { items, more } = await client.replayDeadLetters({ filter });
    expect([items.map(({ status, job_id: job }) => [status, job]), more]).toEqual([
      [
        [202, 'm-given-up-a'],
        [202, 'm-given-up-b'],
      ],
      false,
    ]);
    for (const id of ['given-up-a', 'given-up-b']) {
      const received = (await agents.receive(bob))!;
      expect(received.queue_message.message.message_id).toBe(id);
      await agents.nack(bob, received.token, { failure: 'permanent' });
    }
    const discarded = await client.discardDeadLetters({ filter, max: 1, reason: 'a test' });
    expect([discarded.items.map(({ status }) => status), discarded.more]).toEqual([[200], true]);
    expect((await client.mailbox(bob)).dlq).toBe(1);
  });

  test('wait for their turn while the mailbox is full, or their id is in it', async () => {
    const dlqId = await deadLetter({ message_id: 'again-and-again' });
    await client.sendMessage(toBob({ message_id: 'again-and-again' }));
    const waiting = await refusal(client.replayDeadLetter(dlqId));
    expect(waiting).toMatchObject({ status: 409, code: 'MESSAGE_WAITING' });
    const { token } = (await agents.receive(bob))!;
    await agents.ack(bob, token);
    for (let n = 0; n < 3; n += 1) await client.sendMessage(toBob());
    const full = await refusal(client.replayDeadLetter(dlqId));
    expect(full).toMatchObject({ status: 429, code: 'QUEUE_FULL' });
    expect((await client.mailbox(bob)).dlq).toBe(1);
    await client.discardDeadLetter(dlqId, { reason: 'a test' });
  });

  test('replayed by two at once make one message', async () => {
    const dlqId = await deadLetter();
    const outcomes = await Promise.allSettled([0, 1].map(() => client.replayDeadLetter(dlqId)));
    expect(outcomes.map(({ status }) => status)).toContain('fulfilled');
    expect((await client.mailbox(bob)).counts.waiting).toBe(1);
  });
});

test('what a lost consumer held is counted, then put back, once', async () => {
  await client.sendMessage(toBob());
  const other = { ...bob, type: 'carl' };
  await client.sendMessage(toBob({ recipient: other }));
  const held = [await agents.receive(bob), await agents.receive(other)];
  expect(await client.recover()).toEqual({ total: 0, per_agent: {} });
  for (const { type } of [bob, other]) {
    const queue = `${api.core.config.redis.key_prefix}:msg.${type}.${bob.instance}`;
    const [id] = await commands.lrange(`${queue}:active`, 0, -1);
    await commands.del(`${queue}:${id}:lock`);
  }
  const name = `bob:${bob.instance}`;
  const request = { agent_type: 'bob', instance: bob.instance };
  for (const dryRun of [true, true, false]) {
    const recovered = await client.recover({ ...request, dry_run: dryRun });
    expect(recovered).toEqual({ total: 1, per_agent: { [name]: 1 } });
  }
  expect(await client.recover(request)).toEqual({ total: 0, per_agent: {} });
  expect(await client.recover()).toEqual({ total: 1, per_agent: { [`carl:${bob.instance}`]: 1 } });
  expect(await agents.ack(bob, held[0]!.token)).toBe(false);
  expect((await client.mailbox(bob)).counts).toEqual({ waiting: 1, delayed: 0, reserved: 0 });
});

test('gauges are those of the whole fleet, and leave with what they showed', async () => {
  const agent = `agent="bob:${bob.instance}"`;
  for (const priority of [9, 5, 5] as const) await agents.send(toBob({ priority }));
  const high = (await agents.receive(bob))!;
  await agents.nack(bob, high.token, { failure: 'permanent' });
  const held = (await agents.receive(bob))!;
  const text = await scrape();
  expect(text).toContain(`agent_orchestration_queue_length{${agent},priority="9"} 0`);
  expect(text).toContain(`agent_orchestration_queue_length{${agent},priority="5"} 1`);
  expect(text).toContain(`agent_orchestration_reserved_length{${agent}} 1`);
  expect(text).toContain(`agent_orchestration_dlq_length{queue="dlq.bob.${bob.instance}",${agent}} 1`);
  expect(text).toContain('agent_orchestration_dlq_length{queue="nga",agent=""} 0');

  await agents.ack(bob, held.token);
  await agents.ack(bob, (await agents.receive(bob))!.token);
  await agents.purge(bob);
  expect(await scrape()).toContain(`agent_orchestration_queue_length{${agent},priority="5"} 0`);
  expect(await scrape()).not.toContain(agent);
});

test('gauges of an empty mailbox stay as long as its agent is registered', async () => {
  const { registry } = api.coordination;
  const agent = `agent="bob:${bob.instance}"`;
  await registry.register({ ...bob, process: async () => undefined });
  await agents.send(toBob());
  await agents.ack(bob, (await agents.receive(bob))!.token);
  for (let scrapes = 0; scrapes < 3; scrapes += 1)
    expect(await scrape()).toContain(`agent_orchestration_queue_length{${agent},priority="5"} 0`);
  await registry.deregister(bob);
  // Once more, and no longer.
  await scrape();
  expect(await scrape()).not.toContain(`agent_orchestration_queue_length{${agent}`);
});

test('Bull Board shows mailboxes and their dead letters as soon as they are there, without what is in them', async () => {
  const board = `${api.url}${api.core.config.http.bull_board_path}/api/queues`;
  const dlqId = await deadLetter();
  await client.sendMessage(toBob());
  const look = async (path: string): Promise<string> =>
    (await fetch(board + path, { headers: { 'x-api-key': keyOf('admin') } })).text();
  const shown = (): Promise<string> => look('');
  await expect.poll(shown, { timeout: 10_000 }).toContain(`"dlq.bob.${bob.instance}"`);
  expect(await shown()).toContain(`"msg.bob.${bob.instance}"`);
  const [queue, id] = dlqId.split('~');
  const job = await look(`/${queue}/${id}`);
  expect(job).toContain('dead_lettered_at');
  expect(job).not.toContain(SECRET);
});
