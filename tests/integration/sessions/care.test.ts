import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR, type Caller } from '../../../src/contracts/caller.ts';
import { SessionExport } from '../../../src/contracts/session-export.ts';
import { SessionView } from '../../../src/contracts/session.ts';
import { sleep } from '../../../src/kernel/abort.ts';
import { startHarness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const player: Caller = { id: 'web', roles: new Set(['user']), user_id: 'ada' };
const stranger: Caller = { id: 'web', roles: new Set(['user']), user_id: 'bob' };
const reader: Caller = { id: 'board', roles: new Set(['read']) };

test('a player creates sessions for nobody else; a service does', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: [] });
  const forAda = { user_id: 'ada' };
  await expect(h.operations.createSession(forAda, stranger)).rejects.toMatchObject({ httpStatus: 403 });
  const service: Caller = { id: 'svc', roles: new Set(['enqueue']) };
  for (const caller of [service, player]) {
    const { session } = await h.operations.createSession(forAda, caller);
    expect(session.user_id).toBe('ada');
  }
});

describe('the world of a session that names none', () => {
  test('is entered by no other session, but by the hand of an administrator', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const create = (request: object, caller: Caller) => h.operations.createSession(request, caller);
    const service: Caller = { id: 'svc', roles: new Set(['enqueue']) };
    const { session } = await create({ session_id: 'hers' }, player);
    expect(session.world_id).toBe('w_hers');
    for (const caller of [stranger, service]) {
      // Also one that will be somebody's.
      for (const world_id of ['w_hers', 'w_later']) {
        await expect(create({ world_id }, caller)).rejects.toMatchObject({ httpStatus: 403 });
      }
    }
    expect((await create({ session_id: 'his', world_id: 'w_his' }, stranger)).created).toBe(true);
    expect((await create({ world_id: 'shared' }, stranger)).created).toBe(true);
    expect((await create({ world_id: 'w_hers' }, LOCAL_OPERATOR)).created).toBe(true);
  });
});

describe('changing a session', () => {
  test('replaces goals, merges flags and metadata, and is seen by whoever reads it', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const request = { metadata: { a: 1, b: 2 }, therapeutic_context: { goals: ['rest'], avoid: ['war'] } };
    const { session } = await h.operations.createSession(request, player);
    const id = session.session_id;
    expect(session).toMatchObject({ difficulty: 'normal', flags: {} });
    const goals = ['make friends', 'rest'];
    await h.operations.updateSession(id, { therapeutic_context: { goals }, flags: { quiet: true } }, player);
    const changed = await h.operations.updateSession(
      id,
      { metadata: { a: null, c: [] }, difficulty: 'gentle', flags: { pace: 2 } },
      LOCAL_OPERATOR,
    );
    expect(SessionView.parse(changed)).toMatchObject({
      therapeutic_context: { goals, avoid: ['war'], progress: goals.map((goal) => ({ goal, turns: 0 })) },
      difficulty: 'gentle',
      flags: { quiet: true, pace: 2 },
      metadata: { b: 2, c: [] },
    });
    expect(await h.operations.getSession(id, player)).toEqual(changed);
  });

  test('loses nothing when many do it at once', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const id = await h.newSession();
    const names = Array.from({ length: 20 }, (_, i) => `flag${i}`);
    await Promise.all(
      names.map((name) => h.operations.updateSession(id, { flags: { [name]: true } }, LOCAL_OPERATOR)),
    );
    const { flags } = await h.operations.getSession(id, LOCAL_OPERATOR);
    expect(Object.keys(flags).toSorted()).toEqual(names.toSorted());
  });

  test('refuses strangers, empty requests and what becomes too large, and an unknown session', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const { session } = await h.operations.createSession({}, player);
    const id = session.session_id;
    const update = (request: object, caller = player) => h.operations.updateSession(id, request, caller);
    const flags = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`f${i}`, true]));
    await expect(update({ difficulty: 'gentle' }, stranger)).rejects.toMatchObject({ httpStatus: 403 });
    await expect(update({ difficulty: 'gentle' }, reader)).rejects.toMatchObject({ httpStatus: 403 });
    for (const wrong of [
      {},
      { difficulty: 'hard' },
      { mood: 'x' },
      { flags },
      { metadata: { a: 'x'.repeat(17_000) } },
    ]) {
      await expect(update(wrong)).rejects.toMatchObject({ code: 'validation_failed' });
    }
    await expect(
      h.operations.updateSession('nobody', { difficulty: 'gentle' }, player),
    ).rejects.toMatchObject({ code: 'session_not_found' });
    expect((await h.operations.getSession(id, player)).flags).toEqual({});
  });
});

describe('a session', () => {
  test('is everything that is kept of it, as one document for its owner alone', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const { session } = await h.operations.createSession({}, player);
    const id = session.session_id;
    await h.play(id, 'go north');
    await h.play(id, 'I feel hopeful');
    const other = await h.newSession();
    await h.play(other, 'look at the zebrafinch');

    const text = JSON.stringify(await h.operations.exportSession(id, player));
    const document = SessionExport.parse(JSON.parse(text));
    expect(document.turns.map((turn) => turn.text)).toEqual(['go north', 'I feel hopeful']);
    expect(document.session.memory?.feelings).toEqual([{ turn: 2, feeling: 'hopeful' }]);
    expect(document.world).toMatchObject({ player: { location_id: 'mountain_path' } });
    expect(document.runs.map(({ input, status }) => [input, status])).toEqual([
      [{ text: 'go north' }, 'completed'],
      [{ text: 'I feel hopeful' }, 'completed'],
    ]);
    for (const run of document.runs) {
      expect(Object.keys(run.results).toSorted()).toEqual(['ipa', 'nga', 'wba']);
      expect(run.events.map(({ type }) => type)).toContain('run.completed');
      expect(run.output).toMatchObject({ response_text: expect.any(String) });
    }
    expect(text).not.toContain('zebrafinch');
    expect(text).not.toContain(other);
    for (const caller of [stranger, reader]) {
      await expect(h.operations.exportSession(id, caller)).rejects.toMatchObject({ httpStatus: 403 });
    }
  });

  test('tells mere readers nothing it remembers, and somebody else who asks for its id nothing at all', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const service: Caller = { id: 'one', roles: new Set(['enqueue']) };
    const request = { session_id: 'chosen-by-both' };
    await h.operations.createSession(request, service);
    await h.play(request.session_id, 'I feel sad');
    expect(await h.operations.createSession(request, service)).toMatchObject({ created: false });
    expect((await h.operations.getSession(request.session_id, reader)).memory).toBeNull();
    for (const caller of [{ ...service, id: 'two' }, stranger]) {
      await expect(h.operations.createSession(request, caller)).rejects.toMatchObject({
        code: expect.stringMatching(/^(forbidden|session_exists)$/),
      });
      await expect(h.operations.getSession(request.session_id, caller)).rejects.toMatchObject({
        httpStatus: 403,
      });
      await expect(
        h.operations.submitTurn(request.session_id, { text: 'look' }, caller),
      ).rejects.toMatchObject({ httpStatus: 403 });
      await expect(h.operations.listTurns(request.session_id, { limit: 5 }, caller)).rejects.toMatchObject({
        httpStatus: 403,
      });
    }
  });

  test('50 that play at once never see another one, whatever they are told', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessions = await Promise.all(Array.from({ length: 50 }, () => h.newSession()));
    const wordOf = (i: number) => `quokka${String.fromCharCode(97 + Math.floor(i / 26), 97 + (i % 26))}x`;
    await Promise.all(
      sessions.map(async (id, i) => {
        await h.ended(await h.submit(id, `talk to the elder about ${wordOf(i)}`));
        await h.ended(await h.submit(id, 'look around'));
      }),
    );
    for (const [i, id] of sessions.entries()) {
      const text = JSON.stringify(await h.operations.exportSession(id, LOCAL_OPERATOR));
      const heard = new Set(text.match(/quokka[a-z]{2}x/g));
      expect([...heard]).toEqual([wordOf(i)]);
      expect(new Set(sessions.filter((other) => text.includes(other)))).toEqual(new Set([id]));
    }
  }, 120_000);

  test('whose time is over is not found, with all its keys', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const { store } = h.core;
    const { session } = await h.operations.createSession({ ttl_seconds: 60 }, player);
    const id = session.session_id;
    for (const ttl of [59, 2_592_001]) {
      await expect(h.operations.createSession({ ttl_seconds: ttl }, player)).rejects.toMatchObject({
        code: 'validation_failed',
      });
    }
    await h.play(id, 'go north');
    const family = [store.keys.session(id), store.keys.sessionTurns(id), store.keys.world(session.world_id)];
    for (const key of family) expect(await store.redis.ttl(key)).toBeGreaterThan(50);
    // As if 58 seconds had gone by: the next sign of life lengthens all of them.
    for (const key of family) await store.redis.expire(key, 2);
    await h.operations.updateSession(id, { flags: { here: true } }, player);
    for (const key of family) expect(await store.redis.ttl(key)).toBeGreaterThan(50);
    for (const key of family) await store.redis.expire(key, 2);
    await h.submit(id, 'look around');
    for (const key of family) expect(await store.redis.ttl(key)).toBeGreaterThan(50);
    await h.quiet();
    for (const key of family) await store.redis.pexpire(key, 1);
    await sleep(10);
    await expect(h.operations.getSession(id, player)).rejects.toMatchObject({ code: 'session_not_found' });
    await expect(h.submit(id, 'look around')).rejects.toMatchObject({ httpStatus: 404 });
  });
});
