import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { countOpenRuns } from '../../../src/primitives/durable/open-runs.ts';
import { agentsWith, ALL_QUEUES, eventually, startHarness, untilAbort } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const reason = { reason: 'changed my mind' };

describe('cancelling', () => {
  test('a run that waits removes its jobs, and no agent is called', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'go north');
    expect(await h.operations.cancelRun(runId, reason, LOCAL_OPERATOR)).toMatchObject({
      status: 'cancelled',
      error: { code: 'cancelled', message: 'changed my mind' },
    });
    await h.quiet();
    for (const name of ['ipa', 'wba', 'nga', 'flow'] as const) {
      expect(await h.core.queues.get(name)!.getJobCountByTypes()).toBe(0);
    }
    expect(await h.operations.getSession(sessionId, LOCAL_OPERATOR)).toMatchObject({ active_run_id: null });
    expect(await countOpenRuns(h.core.store)).toBe(0);
  });

  test('a run at work, from any process, stops its agent within two seconds, and the session goes on', async () => {
    const begun = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<number>();
    const slow = agentsWith({
      wba(input, ctx, agent) {
        if ((input as { intent?: { direction?: string } }).intent?.direction !== 'north')
          return agent.run(input, ctx);
        begun.resolve();
        return untilAbort(ctx.signal).finally(() => stopped.resolve(performance.now()));
      },
    });
    await using h = await startHarness({ redisUrl: redis.url, workers: ['ipa', 'nga', 'flow'] });
    // A worker role with connections of its own, as another process has.
    await h.startWorkers(['wba'], slow);
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'go north');
    const next = await h.submit(sessionId, 'go south');
    await begun.promise;
    const cancelledAt = performance.now();
    await h.operations.cancelRun(runId, reason, LOCAL_OPERATOR);
    expect((await stopped.promise) - cancelledAt).toBeLessThan(2_000);

    expect(await h.ended(next)).toMatchObject({ status: 'completed' });
    expect((await h.worldOf(sessionId))?.player.location_id).toBe('village_center');
    const { items } = await h.operations.listTurns(sessionId, { limit: 10 }, LOCAL_OPERATOR);
    expect(items.map((turn) => [turn.turn, turn.run_id])).toEqual([[1, next]]);
    // The chain above the stopped step drains by itself.
    await h.quiet();
    expect(await h.operations.listDeadLetters({ limit: 10 })).toEqual([]);
    expect((await h.eventsOf(runId)).at(-1)).toMatchObject({ type: 'run.cancelled' });
  });

  test('is final: what an agent brings afterwards changes neither world nor session nor run', async () => {
    const begun = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const brought = Promise.withResolvers<void>();
    const deaf = agentsWith({
      async wba(input, ctx, agent) {
        begun.resolve();
        await finish.promise;
        const signal = new AbortController().signal;
        try {
          return await agent.run(input, { ...ctx, signal });
        } finally {
          brought.resolve();
        }
      },
    });
    await using h = await startHarness({ redisUrl: redis.url, agents: deaf });
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'go north');
    await begun.promise;
    await h.operations.cancelRun(runId, reason, LOCAL_OPERATOR);
    finish.resolve();
    await brought.promise;
    await h.quiet();
    expect(await h.worldOf(sessionId)).toBeNull();
    expect(await h.operations.getSession(sessionId, LOCAL_OPERATOR)).toMatchObject({ turn: 0 });
    const view = await h.operations.getRun(runId, LOCAL_OPERATOR);
    expect(view).toMatchObject({ status: 'cancelled', completed_steps: ['ipa'], output: null });
  });

  test('a turn that waits behind another lets the others keep their order', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const sessionId = await h.newSession();
    const runs = [];
    for (const text of ['go south', 'go north', 'go east']) runs.push(await h.submit(sessionId, text));
    await h.operations.cancelRun(runs[1]!, reason, LOCAL_OPERATOR);
    expect(await h.operations.getSession(sessionId, LOCAL_OPERATOR)).toMatchObject({ pending_turns: 1 });
    await h.startWorkers(ALL_QUEUES);
    await h.ended(runs[2]!);
    const { items } = await h.operations.listTurns(sessionId, { limit: 10 }, LOCAL_OPERATOR);
    expect(items.map((turn) => turn.text)).toEqual(['go east', 'go south']);
    expect((await h.worldOf(sessionId))?.player.location_id).toBe('library');
  });

  test('the active turn passes over a waiting one whose record has vanished', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const sessionId = await h.newSession();
    const runs = [];
    for (const text of ['go south', 'go north', 'go east']) runs.push(await h.submit(sessionId, text));
    await h.core.store.redis.del(h.core.store.keys.run(runs[1]!));
    await h.operations.cancelRun(runs[0]!, reason, LOCAL_OPERATOR);
    expect(await h.operations.getSession(sessionId, LOCAL_OPERATOR)).toMatchObject({
      active_run_id: runs[2],
      pending_turns: 0,
    });
  });

  test('a run that has ended is refused with 409, and an unknown one with 404', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const { workflow_metadata } = await h.play(await h.newSession(), 'look');
    await expect(
      h.operations.cancelRun(workflow_metadata.run_id, reason, LOCAL_OPERATOR),
    ).rejects.toMatchObject({
      code: 'run_not_cancellable',
      httpStatus: 409,
      details: { status: 'completed' },
    });
    await expect(h.operations.cancelRun('wf_unknown', reason, LOCAL_OPERATOR)).rejects.toMatchObject({
      code: 'run_not_found',
      httpStatus: 404,
    });
  });

  test('twice at once succeeds once', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const runId = await h.submit(await h.newSession(), 'look');
    const outcomes = await Promise.allSettled(
      [1, 2].map(() => h.operations.cancelRun(runId, reason, LOCAL_OPERATOR)),
    );
    expect(outcomes.map((outcome) => outcome.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    await eventually(async () => expect(await h.core.queues.get('flow')!.getJobCountByTypes()).toBe(0));
  });
});
