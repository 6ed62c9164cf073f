import { Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../src/contracts/caller.ts';
import { everythingOf, placesOf } from '../support/everything.ts';
import { eventually, startHarness } from '../support/harness.ts';
import { fleetProcesses } from '../support/processes.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

describe('a session', () => {
  test('hands its turns on in order, each once, although every process is killed in the middle', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    await using processes = fleetProcesses(h, { 'sessions.max_pending': '20' });
    const sessionId = await h.newSession();
    const texts = [
      'go south',
      'go east',
      'take the ancient journal',
      'go west',
      'I feel hopeful',
      'inventory',
    ];
    const runs: string[] = [];
    for (const text of texts) runs.push(await h.submit(sessionId, text));
    for (let turn = 1; turn < texts.length; turn += 2) {
      const doomed = await processes.start('worker', 'all');
      await eventually(async () => {
        expect((await h.operations.getSession(sessionId, LOCAL_OPERATOR)).turn).toBeGreaterThanOrEqual(turn);
      });
      doomed.signal('SIGKILL');
      await doomed.ended;
    }
    await processes.start('worker', 'all');
    for (const run of runs) expect(await h.ended(run)).toMatchObject({ status: 'completed' });

    const { items } = await h.operations.listTurns(sessionId, { limit: 20 }, LOCAL_OPERATOR);
    expect(items.toReversed().map(({ turn, text, run_id: id }) => [turn, text, id])).toEqual(
      texts.map((text, i) => [i + 1, text, runs[i]]),
    );
    expect((await h.worldOf(sessionId))?.player.inventory).toEqual(['ancient_journal']);
    const { memory, turn } = await h.operations.getSession(sessionId, LOCAL_OPERATOR);
    expect(turn).toBe(texts.length);
    expect(memory?.summary.split('\n')).toHaveLength(texts.length);
    expect(memory?.feelings).toEqual([{ turn: 5, feeling: 'hopeful' }]);
  }, 120_000);
});

describe('deleting a session over HTTP', () => {
  test('goes on after its process was killed, and leaves neither answers to repeated requests nor an id in the audit log', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: ['maintenance'] });
    await using processes = fleetProcesses(h);
    const { store } = h.core;
    const sessionId = 'a-session-to-be-gone';
    const api = await processes.start('api');
    const ask = (from: typeof api, method: string, path: string, body?: object, key?: string) =>
      fetch(`${String(from.ready['url'])}/v1/sessions${path}`, {
        method,
        headers: {
          ...(body && { 'content-type': 'application/json' }),
          ...(key && { 'idempotency-key': key }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
    expect((await ask(api, 'POST', '', { session_id: sessionId }, 'one')).status).toBe(201);
    const turn = { text: 'look at the zebrafinch', wait_ms: 0 };
    expect((await ask(api, 'POST', `/${sessionId}/turns`, turn, 'two')).status).toBe(202);
    const holder = new Worker('ipa', undefined, {
      connection: { url: redis.url, maxRetriesPerRequest: null },
      prefix: h.config.redis.bullmq_prefix,
    });
    try {
      const held = await holder.getNextJob('its token');
      // It waits for the job that is held, and is killed over it.
      const waiting = ask(api, 'DELETE', `/${sessionId}`).catch(() => 'cut off');
      await eventually(async () => expect(await store.redis.exists(store.keys.forgetting())).toBe(1));
      api.signal('SIGKILL');
      expect(await waiting).toBe('cut off');
      await held?.moveToCompleted({ status: 'completed' }, 'its token', false);
    } finally {
      await holder.close();
    }
    const heir = await processes.start('api');
    expect((await ask(heir, 'GET', `/${sessionId}`)).status).toBe(404);
    const again = await ask(heir, 'DELETE', `/${sessionId}`);
    // The watchdog may have been quicker.
    expect([204, 404]).toContain(again.status);
    expect((await ask(heir, 'DELETE', `/${sessionId}`)).status).toBe(404);
    await eventually(async () => {
      const everything = await everythingOf(store.redis, h.config.redis.key_prefix);
      expect(placesOf(everything, [sessionId, 'zebrafinch'])).toEqual([]);
      const audit = everything.get(store.keys.audit()) ?? '';
      expect(audit).toMatch(/DELETE \/v1\/sessions\/sha256-[0-9a-f]{16}/);
    });
  }, 120_000);
});
