import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { commitStep } from '../../../src/primitives/durable/commit-step.ts';
import { agentsWith, eventually, startHarness, untilAbort, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

/** Takes the lock of a job away, as time does when its worker is dead or does not get to renew it. */
async function loseLock(h: Harness, queue: 'ipa' | 'wba' | 'nga', jobId: string): Promise<void> {
  const key = `${h.core.queues.get(queue)!.toKey(jobId)}:lock`;
  expect(await h.core.store.redis.del(key)).toBe(1);
}

describe('a step that is delivered twice', () => {
  test('changes its world once when its worker is lost after the change', async () => {
    const changed = Promise.withResolvers<void>();
    const givenUp = Promise.withResolvers<unknown>();
    const first = agentsWith({
      async wba(input, ctx, agent) {
        await agent.run(input, ctx);
        changed.resolve();
        // Never gets to complete its job.
        return untilAbort(ctx.signal).catch((reason: unknown) => {
          givenUp.resolve(reason);
          throw reason;
        });
      },
    });
    await using h = await startHarness({ redisUrl: redis.url, workers: ['ipa', 'nga', 'flow'] });
    await h.startWorkers(['wba'], first);
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'go north');
    await changed.promise;
    await h.startWorkers(['wba']);
    await loseLock(h, 'wba', `${runId}.wba`);

    expect(await h.ended(runId)).toMatchObject({ status: 'completed' });
    // The one that lost its lock was told to stop.
    expect(String(await givenUp.promise)).toContain('lock_lost');
    const world = await h.worldOf(sessionId);
    expect(world).toMatchObject({ version: 1, player: { location_id: 'mountain_path' } });
    const types = (await h.eventsOf(runId))
      .filter((event) => event.step === 'wba')
      .map((event) => event.type);
    expect(types.filter((type) => type === 'step.completed')).toHaveLength(1);
    expect(types).not.toContain('step.failed');
    await h.quiet();
  });

  test('is decided by whoever records first; the slower one changes nothing, not even by failing', async () => {
    const begun = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    let calls = 0;
    const first = agentsWith({
      async ipa(input, ctx, agent) {
        calls += 1;
        if (calls > 1) return agent.run(input, ctx);
        begun.resolve();
        await untilAbort(ctx.signal).catch(() => aborted.resolve());
        throw new Error('too late');
      },
    });
    await using h = await startHarness({ redisUrl: redis.url, workers: ['wba', 'nga', 'flow'] });
    await h.startWorkers(['ipa'], first);
    // Its only attempt: a failure of the first worker would be final.
    const runId = await h.submit(await h.newSession(), 'go north', { workflow: 'input_processing' });
    await begun.promise;
    await h.startWorkers(['ipa']);
    await loseLock(h, 'ipa', `${runId}.ipa`);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed', error: null });
    await aborted.promise;
    expect((await h.eventsOf(runId)).map((event) => event.type)).not.toContain('step.failed');
    await h.quiet();
    expect(await h.operations.listDeadLetters({ limit: 10 })).toEqual([]);
  });

  test.each(['answers', 'fails'])(
    'is not over when its first worker %s after it lost its lock and before it could know',
    async (how) => {
      let h: Harness | undefined;
      let calls = 0;
      const agents = agentsWith({
        async ipa(input, ctx, agent) {
          calls += 1;
          if (calls > 1) return agent.run(input, ctx);
          await loseLock(h!, 'ipa', ctx.idempotencyKey);
          if (how === 'answers') return agent.run(input, ctx);
          throw Object.assign(new Error('too late'), { retryable: false });
        },
      });
      await using harness = await startHarness({ redisUrl: redis.url, agents });
      h = harness;
      // Its only attempt: a failure that counted would be final.
      const runId = await h.submit(await h.newSession(), 'go north', { workflow: 'input_processing' });
      expect(await h.ended(runId)).toMatchObject({ status: 'completed', error: null });
      expect(calls).toBe(2);
      expect((await h.eventsOf(runId)).map((event) => event.type)).not.toContain('step.failed');
      await h.quiet();
    },
  );
});

describe('recording a result', () => {
  const world = (h: Harness) => ({
    worldId: 'w_recorded',
    expectedVersion: null,
    nextVersion: 1,
    data: JSON.stringify({ by: h.config.redis.key_prefix }),
    ttlSeconds: 60,
    ops: '[]',
    undo: '{}',
  });
  const byRun = (runId: string) => ({ kind: 'run' as const, runId, path: 'wba', agent: 'wba' });

  test.each(['a run', 'a direct job'])(
    'of %s happens once for deliveries that end together',
    async (whose) => {
      await using h = await startHarness({ redisUrl: redis.url, workers: [] });
      const runId = await h.submit(await h.newSession(), 'go north');
      const owner =
        whose === 'a run'
          ? byRun(runId)
          : { kind: 'direct' as const, jobKey: 'wba~7', agent: 'wba', keepSeconds: 60 };
      const record = (delivery: number) =>
        commitStep(h.core.store, {
          owner,
          output: { delivery },
          eventData: {},
          lock: null,
          // The later ones read the world after the first had changed it, so only the ledger can stop them.
          world: {
            ...world(h),
            expectedVersion: delivery === 1 ? null : delivery - 1,
            nextVersion: delivery,
          },
          nowMs: Date.now(),
        });
      expect(await Promise.all([1, 2, 3].map(record))).toEqual([
        { verdict: 'committed' },
        { verdict: 'recorded', output: { delivery: 1 } },
        { verdict: 'recorded', output: { delivery: 1 } },
      ]);
      expect(await h.core.store.redis.hget(h.core.store.keys.world('w_recorded'), 'version')).toBe('1');
    },
  );

  test('is refused once the run has ended, whatever its worker still believes', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const runId = await h.submit(await h.newSession(), 'go north');
    await h.operations.cancelRun(runId, {}, LOCAL_OPERATOR);
    const commit = {
      owner: byRun(runId),
      lock: null,
      output: {},
      eventData: {},
      world: world(h),
      nowMs: Date.now(),
    };
    expect(await commitStep(h.core.store, commit)).toEqual({ verdict: 'closed', status: 'cancelled' });
    const { redis: client, keys } = h.core.store;
    expect(await client.exists(keys.world('w_recorded'), keys.runResults(runId))).toBe(0);
  });
});

describe('a world shared by sessions', () => {
  test('[R2.5] keeps every change of 20 turns at once that do not exclude each other', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessions = await Promise.all(Array.from({ length: 20 }, () => h.newSession('w_together')));
    await h.play(sessions[0]!, 'go south');
    const before = (await h.worldOf(sessions[0]!))!;
    const runs = await Promise.all(
      sessions.map(async (sessionId) => {
        const submitted = await h.operations.startRun(
          'world_building',
          {
            session_id: sessionId,
            wait_ms: 25_000,
            input: {
              text: 'look',
              operations: [{ op: 'adjust_disposition', npc: 'wise_elder', delta: 0.01 }],
            },
          },
          LOCAL_OPERATOR,
        );
        return submitted.done;
      }),
    );
    expect(runs).toEqual(Array.from({ length: 20 }, () => true));
    const after = (await h.worldOf(sessions[0]!))!;
    expect(after.version).toBe(before.version + 20);
    expect(after.npcs['wise_elder']!.disposition).toBeCloseTo(
      before.npcs['wise_elder']!.disposition + 0.2,
      6,
    );
  });

  test('lives as long as the one of them that lives longest', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const { store } = h.core;
    for (const ttl of [60, 4_000, 600]) {
      const { session } = await h.operations.createSession(
        { world_id: 'w_lasting', ttl_seconds: ttl },
        LOCAL_OPERATOR,
      );
      await h.play(session.session_id, 'go north');
      expect(await store.redis.ttl(store.keys.session(session.session_id))).toBeLessThanOrEqual(ttl);
    }
    expect(await store.redis.ttl(store.keys.world('w_lasting'))).toBeGreaterThan(3_900);
  });

  test('changes once for two turns of which the second finds it done', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessions = await Promise.all([h.newSession('w_race'), h.newSession('w_race')]);
    const move = async (sessionId: string) =>
      h.operations.startRun(
        'world_building',
        {
          session_id: sessionId,
          wait_ms: 25_000,
          input: { text: 'go', operations: [{ op: 'move_player', direction: 'north' }] },
        },
        LOCAL_OPERATOR,
      );
    const outcomes = await Promise.all(sessions.map(move));
    expect(outcomes.every((outcome) => outcome.done)).toBe(true);
    await eventually(async () => {
      // The clearing lies south of the mountain path; beyond it is unexplored land, which may be entered too.
      expect((await h.worldOf(sessions[0]))?.version).toBe(2);
    });
    expect((await h.worldOf(sessions[0]))?.player.visited).toHaveLength(3);
  });
});
