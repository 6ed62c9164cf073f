import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { newRunId } from '../../../src/kernel/ids.ts';
import { countOpenRuns } from '../../../src/primitives/durable/open-runs.ts';
import { startEmbeddedRedis, type EmbeddedRedis } from '../../../src/redis/embedded/start.ts';
import { startPlan } from '../../support/durable-runner.ts';
import { doing, effectCatalog } from '../../support/effect-plans.ts';
import { agentsWith, eventually, quickCatalog, startHarness, untilAbort } from '../../support/harness.ts';

// These tests stop the server itself, so it is always one of their own.
let dataDir: string;
let redis: EmbeddedRedis;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'ao-outage-'));
  redis = await startEmbeddedRedis({ dataDir, persistent: true });
});
afterEach(async () => {
  await redis.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const unavailable = { code: 'backend_unavailable', kind: 'unavailable', httpStatus: 503 };

describe('while Redis does not answer', () => {
  test('every operation is refused within two seconds, and works again afterwards', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'look');
    const ops = h.operations;
    const signal = AbortSignal.timeout(10_000);
    const operations: Record<string, () => Promise<unknown>> = {
      createSession: () => ops.createSession({}, LOCAL_OPERATOR),
      getSession: () => ops.getSession(sessionId, LOCAL_OPERATOR),
      submitTurn: () => ops.submitTurn(sessionId, { text: 'look', wait_ms: 0 }, LOCAL_OPERATOR),
      waitForTurn: () => ops.submitTurn(sessionId, { text: 'look', wait_ms: 20_000 }, LOCAL_OPERATOR),
      listTurns: () => ops.listTurns(sessionId, { limit: 5 }, LOCAL_OPERATOR),
      startRun: () =>
        ops.startRun('input_processing', { input: { text: 'look' }, wait_ms: 0 }, LOCAL_OPERATOR),
      startLater: () => {
        const request = { input: { text: 'look' }, delay_ms: 5000, dedup_id: 'd' };
        return ops.startRun('input_processing', request, LOCAL_OPERATOR);
      },
      listRuns: () => ops.listRuns({ limit: 5 }, LOCAL_OPERATOR),
      updateRunMetadata: () => ops.updateRunMetadata(runId, { a: 1 }, LOCAL_OPERATOR),
      resumeRun: () => ops.resumeRun(runId, LOCAL_OPERATOR),
      rerunRun: () => ops.rerunRun(runId, LOCAL_OPERATOR),
      listSchedules: () => ops.listSchedules(),
      getSchedule: () => ops.getSchedule('s'),
      putSchedule: () => {
        const schedule = { workflow: 'input_processing', input: { text: 'look' }, cron: '* * * * *' };
        return ops.putSchedule('s', schedule, LOCAL_OPERATOR);
      },
      deleteSchedule: () => ops.deleteSchedule('s', LOCAL_OPERATOR),
      getRun: () => ops.getRun(runId, LOCAL_OPERATOR),
      cancelRun: () => ops.cancelRun(runId, {}, LOCAL_OPERATOR),
      runEvents: () => ops.runEvents(runId, { signal }, LOCAL_OPERATOR)[Symbol.asyncIterator]().next(),
      rollbackRun: () => ops.rollbackRun(runId, {}, LOCAL_OPERATOR),
      rollbackHistory: () => ops.rollbackHistory(runId, LOCAL_OPERATOR),
      checkRuns: () => ops.checkRuns({ repair: true }, LOCAL_OPERATOR),
      listQueues: () => ops.listQueues(),
      deleteQueue: () => ops.deleteQueue('echo', LOCAL_OPERATOR),
      putDefinition: () =>
        ops.putDefinition({ name: 'w', agent_sequence: [{ agent: 'ipa' }] }, LOCAL_OPERATOR),
      listDeadLetters: () => ops.listDeadLetters({ limit: 5 }),
      getDeadLetter: () => ops.getDeadLetter(`ipa~${runId}.ipa`),
      replayDeadLetter: () => ops.replayDeadLetter(`ipa~${runId}.ipa`, LOCAL_OPERATOR),
      discardDeadLetter: () => ops.discardDeadLetter(`ipa~${runId}.ipa`, { reason: 'x' }, LOCAL_OPERATOR),
    };
    process.kill(redis.pid, 'SIGSTOP');
    try {
      const outcomes = await Promise.all(
        Object.entries(operations).map(async ([name, operation]) => {
          const started = performance.now();
          const error: unknown = await operation().then(
            () => 'answered',
            (reason: unknown) => reason,
          );
          return { name, error, tookMs: performance.now() - started };
        }),
      );
      for (const { name, error, tookMs } of outcomes) {
        expect(error, name).toMatchObject(unavailable);
        expect(tookMs, name).toBeLessThan(2_000);
      }
      expect(await ops.readiness()).toMatchObject({ status: 'down' });
    } finally {
      process.kill(redis.pid, 'SIGCONT');
    }
    await eventually(async () => expect(await ops.readiness()).toMatchObject({ status: 'ready' }));
    await h.startWorkers(['ipa', 'wba', 'nga', 'flow', 'maintenance']);
    // What timed out may still have reached Redis; whatever did is worked off, and nothing is half done.
    await eventually(async () => expect(await countOpenRuns(h.core.store)).toBe(0));
    await h.quiet();
    expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({
      status: expect.stringMatching(/^(completed|cancelled)$/),
    });
  });

  test('work goes on afterwards, longer than locks live, and nothing is done twice', async () => {
    const calls = { wba: 0 };
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const agents = agentsWith({
      async wba(input, ctx, agent) {
        calls.wba += 1;
        begun.resolve();
        await Promise.race([goOn.promise, untilAbort(ctx.signal)]);
        return agent.run(input, ctx);
      },
    });
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const sessions = await Promise.all([1, 2, 3].map(() => h.newSession()));
    const runs = [];
    for (const sessionId of sessions) runs.push(await h.submit(sessionId, 'go north'));
    await begun.promise;
    const admin = new Redis(redis.url);
    // Locks live for one second here.
    await admin.call('CLIENT', 'PAUSE', '2500', 'ALL');
    goOn.resolve();
    await eventually(async () => expect(await h.operations.readiness()).toMatchObject({ status: 'ready' }));
    for (const runId of runs) expect(await h.ended(runId)).toMatchObject({ status: 'completed' });
    admin.disconnect();
    await h.quiet();
    for (const sessionId of sessions) expect((await h.worldOf(sessionId))?.version).toBe(1);
    expect(calls.wba).toBeGreaterThanOrEqual(3);
  });
});

describe('when Redis is restarted in the middle of work', () => {
  test('everything that was accepted finishes, each turn once and in order', async () => {
    await using h = await startHarness({ redisUrl: redis.url, catalog: quickCatalog() });
    const players = await Promise.all(
      Array.from({ length: 8 }, async () => ({ sessionId: await h.newSession(), runs: [] as string[] })),
    );
    for (const text of ['go north', 'go south', 'look', 'go south']) {
      await Promise.all(players.map(async (p) => p.runs.push(await h.submit(p.sessionId, text))));
    }
    await h.eventOf(players[0]!.runs[0]!, 'step.started');
    await redis.restart();
    await eventually(async () => expect(await countOpenRuns(h.core.store)).toBe(0), 25_000);
    await h.quiet();
    for (const { sessionId, runs } of players) {
      const { items } = await h.operations.listTurns(sessionId, { limit: 10 }, LOCAL_OPERATOR);
      expect(items.toReversed().map((turn) => [turn.turn, turn.run_id])).toEqual(
        runs.map((runId, index) => [index + 1, runId]),
      );
      expect(await h.worldOf(sessionId)).toMatchObject({
        version: 3,
        player: { location_id: 'village_center' },
      });
    }
  });

  test('a run that was submitted during the outage is refused, and the same request succeeds afterwards', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession();
    const runId = newRunId(Date.now());
    const submit = () =>
      h.operations.submitTurn(sessionId, { text: 'go north', wait_ms: 20_000 }, LOCAL_OPERATOR, { runId });
    await redis.kill();
    await expect(submit()).rejects.toMatchObject(unavailable);
    await redis.restart();
    await eventually(async () => expect(await h.operations.readiness()).toMatchObject({ status: 'ready' }));
    expect(await submit()).toMatchObject({ done: true, response: { updated_context: { turn: 1 } } });
    // And once more, as a client does that did not get the answer.
    expect(await submit()).toMatchObject({ done: true, response: { updated_context: { turn: 1 } } });
  });
});

describe('when Redis stops in the middle of a rollback', () => {
  test('it is refused with 503, and goes on where it was when asked again', async () => {
    let calls = 0;
    const catalog = effectCatalog({
      work: {
        steps: [
          doing('first', (ctx) => ctx.effects.setKey('first', '1')),
          doing('pay', (ctx) => ctx.effects.onRollback('refund')),
          doing('last', (ctx) => ctx.effects.setKey('last', '1')),
        ],
        compensators: {
          refund: async () => {
            calls += 1;
            if (calls === 1) process.kill(redis.pid, 'SIGSTOP');
          },
        },
      },
    });
    await using h = await startHarness({ redisUrl: redis.url, catalog });
    const runId = await startPlan(h, 'work', 1);
    await h.ended(runId);
    try {
      await expect(h.operations.rollbackRun(runId, {}, LOCAL_OPERATOR)).rejects.toMatchObject(unavailable);
    } finally {
      process.kill(redis.pid, 'SIGCONT');
    }
    // Its lease has to lapse first.
    await eventually(async () => {
      expect(await h.operations.rollbackRun(runId, {}, LOCAL_OPERATOR)).toMatchObject({ ok: true });
    });
    const { redis: client, keys } = h.core.store;
    expect(await client.exists(keys.own('first'), keys.own('last'))).toBe(0);
    const { history } = await h.operations.rollbackHistory(runId, LOCAL_OPERATOR);
    expect(history.at(-1)).toMatchObject({ outcome: 'complete' });
    expect(calls).toBeLessThanOrEqual(2);
  });
});
