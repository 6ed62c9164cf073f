import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR, type Caller } from '../../../src/contracts/caller.ts';
import { startHarness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

describe('the world of a session', () => {
  test('is the one every story begins in until something happens, without being stored', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const sessionId = await h.newSession('w_new');
    const answer = await h.operations.getWorld(sessionId, {}, LOCAL_OPERATOR);
    expect(answer).toMatchObject({ version: 0, view: { location: { id: 'forest_clearing' } } });
    expect(answer.world).toBeUndefined();
    expect(await h.worldOf(sessionId)).toBeNull();
    await expect(h.operations.getWorld(sessionId, { version: 1 }, LOCAL_OPERATOR)).rejects.toMatchObject({
      code: 'world_version_not_found',
      details: { current_version: 0 },
    });
    await expect(h.operations.getWorld('nobody', {}, LOCAL_OPERATOR)).rejects.toMatchObject({
      code: 'session_not_found',
    });
  });

  test('can be read as it was at every version that is kept, also across a rollback', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession();
    const whole = async (version?: number) =>
      (
        await h.operations.getWorld(
          sessionId,
          { full: true, ...(version !== undefined && { version }) },
          LOCAL_OPERATOR,
        )
      ).world!;
    const then = [await whole()];
    let undone = '';
    for (const text of ['go north', 'go north', 'go south then go south', 'go south, talk to the elder']) {
      undone = (await h.play(sessionId, text)).workflow_metadata.run_id;
      then.push(await whole());
    }
    await h.operations.rollbackRun(undone, {}, LOCAL_OPERATOR);
    then.push(await whole());
    expect(then.map(({ version }) => version)).toEqual([0, 1, 2, 3, 4, 5]);
    for (const world of then.slice(1)) expect(await whole(world.version)).toEqual(world);
    // Nobody stored the beginning: it is known by what the first patch did to it.
    expect({ ...(await whole(0)), created_at: '', updated_at: '' }).toEqual({
      ...then[0],
      created_at: '',
      updated_at: '',
    });

    const page = await h.operations.listWorldVersions(sessionId, { limit: 2 }, LOCAL_OPERATOR);
    expect(page.items.map(({ version, ops }) => [version, ops.map(({ op }) => op)])).toEqual([
      [5, ['undo']],
      [4, ['move_player', 'adjust_disposition']],
    ]);
    expect(page.items[1]!.run_id).toBe(undone);
    const older = await h.operations.listWorldVersions(
      sessionId,
      { limit: 5, before: page.nextBefore! },
      LOCAL_OPERATOR,
    );
    expect([older.items.map(({ version }) => version), older.nextBefore]).toEqual([[3, 2, 1], null]);
  });

  test('says that a version is gone when its patches are no longer kept', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession('w_trimmed');
    for (const text of ['go north', 'go south', 'go north']) await h.play(sessionId, text);
    const { redis: client, keys } = h.core.store;
    await client.xtrim(keys.worldHistory('w_trimmed'), 'MAXLEN', 1);
    const ask = (version: number) => h.operations.getWorld(sessionId, { version }, LOCAL_OPERATOR);
    expect(await ask(2)).toMatchObject({ version: 2, current_version: 3 });
    await expect(ask(1)).rejects.toMatchObject({
      code: 'world_version_gone',
      httpStatus: 410,
      details: { oldest_version: 2 },
    });
  });

  test('is shown whole to its owner and to operators, in view to readers, and to strangers not at all', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const player: Caller = { id: 'key_p', roles: new Set(['user']), user_id: 'u1' };
    const reader: Caller = { id: 'key_r', roles: new Set(['read']) };
    const operator: Caller = { id: 'key_o', roles: new Set(['operate']) };
    const stranger: Caller = { id: 'key_s', roles: new Set(['user']), user_id: 'u2' };
    const { session } = await h.operations.createSession({}, player);
    const ask = (caller: Caller, full = false) => h.operations.getWorld(session.session_id, { full }, caller);
    expect((await ask(player, true)).world).toBeDefined();
    expect((await ask(operator, true)).world).toBeDefined();
    expect((await ask(reader)).view.location.id).toBe('forest_clearing');
    await expect(ask(reader, true)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(ask(stranger)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(
      h.operations.listWorldVersions(session.session_id, { limit: 5 }, stranger),
    ).rejects.toMatchObject({ code: 'forbidden' });
  });
});
