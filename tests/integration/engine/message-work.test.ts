import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { NgaOutput } from '../../../src/contracts/narrative.ts';
import { WbaOutput } from '../../../src/contracts/world.ts';
import type { JsonObject } from '../../../src/coordination/models/json.ts';
import { openCoordination, type FleetCoordination } from '../../../src/runtime/open-coordination.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { eventually, startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

// What agents of the fleet make of messages; jobs are elsewhere.

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const WORLD = 'w_asked_for';
const ASKER = { type: 'tester', instance: 't1' };
const RAISE = [{ op: 'adjust_disposition', npc: 'wise_elder', delta: 0.1 }];

let h: Harness;
let session: string;
let post: FleetCoordination;
beforeEach(async () => {
  h = await startHarness({
    redisUrl: redis.url,
    settings: {
      'safety.enabled': 'false',
      'agents.auto_register': 'true',
      'agents.ipa.auto_register_enabled': 'true',
      'agents.wba.auto_register_enabled': 'true',
      'agents.nga.auto_register_enabled': 'true',
      'messaging.queue_size': '1',
      // Not so soon, and not so few, that all are over before there is room for an answer.
      'messaging.backoff_base': '0.5',
      'messaging.retry_attempts': '8',
    },
  });
  session = await h.newSession(WORLD);
  await h.play(session, 'go north');
  post = openCoordination({ ...h.core, metrics: createMetrics({ role: 'api', version: '0' }) });
});
afterEach(async () => {
  await post.close();
  await h[Symbol.asyncDispose]();
});

const question = (to: string, id: string, payload: JsonObject) => ({
  message_id: id,
  sender: ASKER,
  recipient: { type: to },
  message_type: 'request' as const,
  timestamp: '2026-01-01T00:00:00.000Z',
  payload,
});

async function ask(to: string, id: string, payload: JsonObject): Promise<JsonObject> {
  const answer = await post.coordinator.request(question(to, id, payload), { timeoutMs: 30_000 });
  const { in_reply_to: inReplyTo, ...output } = answer.payload;
  expect(inReplyTo).toBe(id);
  return output;
}

const versions = () => h.core.store.redis.xlen(h.core.store.keys.worldHistory(WORLD));

test('[C7] the narrative generator tells what it is asked to tell, from what the others have answered', async () => {
  const { view } = await h.operations.getWorld(session, {}, LOCAL_OPERATOR);
  const seen = JSON.parse(JSON.stringify(view)) as JsonObject;
  const text = 'look around';
  const intent = await ask('input_processor', 'mean-what', { text, context: { view: seen } });
  const world = await ask('world_builder', 'show-me', { world_id: WORLD });
  const payload = { prompt: text, session_id: session, context: { intent, world, view: seen } };
  const told = NgaOutput.parse(await ask('narrative_generator', 'tell-me', payload));
  expect(told.story.toLowerCase()).toContain(view.location.name.toLowerCase().split(' ').at(-1));
  expect(told.source).toBe('local');
});

test('[C7] the world builder shows a world, and changes it once although the message comes twice', async () => {
  const shown = WbaOutput.parse(await ask('world_builder', 'show-me', { world_id: WORLD }));
  expect(shown).toMatchObject({ updated: false, version: 1 });

  const change = { world_id: WORLD, updates: RAISE };
  const first = await ask('world_builder', 'raise-1', change);
  expect(WbaOutput.parse(first)).toMatchObject({ updated: true, version: 2 });
  // It was handled, so its mailbox takes the same message again; it is the same all the same.
  expect(await ask('world_builder', 'raise-1', change)).toEqual(first);
  expect([(await h.worldOf(session))?.version, await versions()]).toEqual([2, 2]);
  // Another one is another change.
  expect(WbaOutput.parse(await ask('world_builder', 'raise-2', change))).toMatchObject({ version: 3 });
});

test('[C7] a change whose answer could not be sent is not made again when the message is delivered again', async () => {
  const filler = {
    ...question('tester', 'in-the-way', {}),
    recipient: ASKER,
    message_type: 'event' as const,
  };
  await post.coordinator.send(filler);
  await post.coordinator.send(question('world_builder', 'raise-1', { world_id: WORLD, updates: RAISE }));
  await eventually(async () => {
    const audit = await post.coordinator.audit({ messageId: 'raise-1', limit: 50 });
    expect(audit.filter(({ event }) => event === 'received').length).toBeGreaterThanOrEqual(2);
  });
  expect([(await h.worldOf(session))?.version, await versions()]).toEqual([2, 2]);

  const inTheWay = (await post.coordinator.receive(ASKER))!;
  await post.coordinator.ack(ASKER, inTheWay.token);
  const answer = (await post.coordinator.receive(ASKER, { waitMs: 20_000 }))!;
  const { payload } = answer.queue_message.message;
  expect(payload).toMatchObject({ in_reply_to: 'raise-1', updated: true, version: 2 });
  expect([(await h.worldOf(session))?.version, await versions()]).toEqual([2, 2]);
});

test('[C7] a world that nobody has begun is a dead letter that says so', async () => {
  await post.coordinator.send(
    question('world_builder', 'raise-1', { world_id: 'w_nowhere', updates: RAISE }),
  );
  await eventually(async () => {
    const letters = await Promise.all(
      [
        { type: 'world_builder' },
        ...(await post.registry.list({ type: 'world_builder' })).map(({ id }) => id),
      ].map((agent) => post.coordinator.listDeadLetters(agent)),
    );
    expect(JSON.stringify(letters.flat())).toContain('world_not_found');
  });
});
