import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { isFleetError } from '../../../src/kernel/errors.ts';
import { ALL_QUEUES, startHarness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

describe('turns that would have to wait', () => {
  test('a turn that supersedes ends the active one, and comes after those that wait already', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const sessionId = await h.newSession();
    const superseded = await h.submit(sessionId, 'go north');
    const waiting = await h.submit(sessionId, 'go south');
    const newest = await h.submit(sessionId, 'go east', { on_busy: 'supersede' });
    await h.startWorkers(ALL_QUEUES);
    expect(await h.ended(superseded)).toMatchObject({ status: 'cancelled' });
    expect(await h.ended(newest)).toMatchObject({ status: 'completed' });
    const { items } = await h.operations.listTurns(sessionId, { limit: 9 }, LOCAL_OPERATOR);
    expect(items.map(({ turn, run_id: id }) => [turn, id])).toEqual([
      [2, newest],
      [1, waiting],
    ]);
    expect((await h.worldOf(sessionId))?.player.location_id).toBe('library');
    expect(
      (await h.operations.getSession(sessionId, LOCAL_OPERATOR)).memory?.summary.split('\n'),
    ).toHaveLength(2);
  });

  test('many at once take their places exactly: one is told, eight wait, the others may come back in a second', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const sessionId = await h.newSession();
    const all = await Promise.allSettled(
      Array.from({ length: 30 }, (_, i) => h.submit(sessionId, `look ${i}`)),
    );
    const refused = all.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(all.length - refused.length).toBe(9);
    for (const error of refused) {
      expect(isFleetError(error) && [error.code, error.httpStatus, error.retryAfterMs]).toEqual([
        'session_busy',
        429,
        1000,
      ]);
    }
  });

  test('two sessions that name one world see what the other did, and nothing that was said', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const [first, second] = [await h.newSession('shared-place'), await h.newSession('shared-place')];
    await h.play(first, 'talk to the elder about my quokka');
    await h.play(first, 'go south');
    expect((await h.play(second, 'look around')).updated_context.world_state?.location.id).toBe(
      'village_center',
    );
    expect((await h.operations.getSession(second, LOCAL_OPERATOR)).turn).toBe(1);
    expect(JSON.stringify(await h.operations.exportSession(second, LOCAL_OPERATOR))).not.toContain('quokka');
  });
});
