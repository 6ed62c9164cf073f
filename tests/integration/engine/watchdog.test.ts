import { Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AgentName } from '../../../src/contracts/agent-type.ts';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { newRunId, type RunId } from '../../../src/kernel/ids.ts';
import { admitRun } from '../../../src/primitives/durable/admit-run.ts';
import { handOverSession } from '../../../src/primitives/durable/hand-over.ts';
import { countOpenRuns } from '../../../src/primitives/durable/open-runs.ts';
import { settleRun } from '../../../src/primitives/durable/settle-run.ts';
import { FIRST_CHECK_MS } from '../../../src/workflows/context.ts';
import { lookEveryMs, runWatchdog } from '../../../src/workflows/watchdog.ts';
import { agentsWith, eventually, quickCatalog, startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

/** Workers without the watchdog's own schedule: the tests call it when they want it. */
const WORKERS = ['ipa', 'wba', 'nga', 'flow'] as const;
const UNATTENDED = { workers: [] };

/** One round of the watchdog as it will be `afterMs` from now. */
function look(h: Harness, afterMs = FIRST_CHECK_MS + 100) {
  return runWatchdog({ ...h.core.workflows, clock: { now: () => Date.now() + afterMs } });
}

/** Admits a turn and goes no further: what is left of a process that dies at that moment. */
async function admitOnly(
  h: Harness,
  sessionId: string,
  text: string,
  checkAfterMs = FIRST_CHECK_MS,
): Promise<RunId> {
  const runId = newRunId(Date.now());
  const { world_id: worldId } = await h.operations.getSession(sessionId, LOCAL_OPERATOR);
  await admitRun(
    h.core.store,
    {
      run_id: runId,
      workflow: 'collaborative',
      version: 1,
      priority: 'normal',
      input: { text },
      correlation_id: runId,
      timeout_ms: 60_000,
      session_id: sessionId,
      world_id: worldId,
    },
    {
      nowMs: Date.now(),
      maxOpenRuns: 100,
      maxPending: 8,
      onBusy: 'queue',
      nextCheckAtMs: Date.now() + checkAfterMs,
      retentionSeconds: 60,
    },
  );
  return runId;
}

function countingAgents(calls: Record<AgentName, number>) {
  const around = (name: AgentName) => ({
    [name]: (
      input: unknown,
      ctx: never,
      agent: { run(input: unknown, ctx: never): Promise<unknown> },
    ): Promise<unknown> => ((calls[name] += 1), agent.run(input, ctx)),
  });
  return agentsWith({ ...around('ipa'), ...around('wba'), ...around('nga') });
}

async function expectToldOnce(h: Harness, sessionId: string, runId: string): Promise<void> {
  expect(await h.ended(runId)).toMatchObject({ status: 'completed' });
  await h.quiet();
  expect((await h.worldOf(sessionId))?.version).toBe(1);
  const { items } = await h.operations.listTurns(sessionId, { limit: 10 }, LOCAL_OPERATOR);
  expect(items.map((turn) => [turn.turn, turn.run_id])).toEqual([[1, runId]]);
  expect(await countOpenRuns(h.core.store)).toBe(0);
}

describe('the watchdog', () => {
  test('finds a passed deadline in one round, although more runs are due before it than it looks at at once', async () => {
    await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
    const admit = async (workflow: string, timeoutMs: number, checkAfterMs: number): Promise<string> => {
      const runId = newRunId(Date.now());
      const record = { workflow, version: 1, priority: 'normal', input: {}, correlation_id: runId } as const;
      await admitRun(
        h.core.store,
        { ...record, run_id: runId, timeout_ms: timeoutMs },
        {
          nowMs: Date.now(),
          maxOpenRuns: 1000,
          maxPending: 8,
          onBusy: 'queue',
          nextCheckAtMs: Date.now() + checkAfterMs,
          retentionSeconds: 60,
        },
      );
      return runId;
    };
    // Nothing can be done for runs of a workflow that is not known here.
    await Promise.all(Array.from({ length: 150 }, () => admit('of_another_version', 60_000, 0)));
    const late = await admit('collaborative', 1, FIRST_CHECK_MS);
    const later = { now: () => Date.now() + 20_000 };
    const findings = await runWatchdog({ ...h.core.workflows, clock: later }, 30_000);
    expect(findings).toMatchObject({ [late]: 'deadline_passed' });
  });

  test('has the time for a look at every open run, however many there are', () => {
    expect(lookEveryMs(10)).toBe(30_000);
    expect(lookEveryMs(100_000) / 100_000).toBe(40);
  });

  test('drives a run whose process died between admitting it and adding its jobs', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: WORKERS });
    const sessionId = await h.newSession();
    const runId = await admitOnly(h, sessionId, 'go north');
    expect(await look(h, 0)).toEqual({});
    expect(await look(h)).toEqual({ [runId]: 'jobs_missing' });
    await expectToldOnce(h, sessionId, runId);
  });

  test('comes by itself', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession();
    const runId = await admitOnly(h, sessionId, 'go north', 0);
    await expectToldOnce(h, sessionId, runId);
  });

  test('drives a run whose process died between ending the turn before it and adding its jobs', async () => {
    await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
    const sessionId = await h.newSession();
    const before = await h.submit(sessionId, 'go south');
    const runId = await h.submit(sessionId, 'go north');
    const settled = await settleRun(h.core.store, {
      runId: before,
      sessionId,
      worldId: undefined,
      status: 'cancelled',
      retentionSeconds: 60,
      interruptWorkers: false,
      nowMs: Date.now(),
    });
    expect(settled.nextRunId).toBe(runId);
    expect(await look(h)).toEqual({ [runId]: 'jobs_missing' });
    await h.startWorkers(WORKERS);
    await expectToldOnce(h, sessionId, runId);
  });

  test.each([
    ['with all its steps', true],
    ['alone', false],
  ])('brings back a run job that was removed %s before anything ran', async (_title, removeChildren) => {
    await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'go north');
    await (await h.core.queues.get('flow')!.getJob(runId))!.remove({ removeChildren });
    expect(await look(h)).toEqual({ [runId]: 'jobs_missing' });
    await h.startWorkers(WORKERS);
    await expectToldOnce(h, sessionId, runId);
  });

  test('brings back a run job that was removed in the middle, and no effect is repeated', async () => {
    const calls = { ipa: 0, wba: 0, nga: 0 };
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const agents = countingAgents(calls);
    const nga = agents.get('nga')!;
    const held = new Map(agents).set('nga', {
      ...nga,
      async run(input, ctx) {
        begun.resolve();
        await goOn.promise;
        return nga.run(input, ctx);
      },
    });
    await using h = await startHarness({ redisUrl: redis.url, workers: WORKERS, agents: held });
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'go north');
    await begun.promise;
    await (await h.core.queues.get('flow')!.getJob(runId))!.remove({ removeChildren: false });
    expect(await look(h)).toEqual({ [runId]: 'jobs_missing' });
    goOn.resolve();
    await expectToldOnce(h, sessionId, runId);
    expect(calls).toMatchObject({ ipa: 1, wba: 1 });
    expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({ generation: 1 });
  });

  test('may look from several processes at once', async () => {
    await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
    const sessionId = await h.newSession();
    const runId = await admitOnly(h, sessionId, 'go north');
    await Promise.all([look(h), look(h), look(h)]);
    await h.startWorkers(WORKERS);
    await expectToldOnce(h, sessionId, runId);
  });

  test('ends a run that nobody worked on until its deadline, and removes its jobs', async () => {
    await using h = await startHarness({
      redisUrl: redis.url,
      ...UNATTENDED,
      catalog: quickCatalog({ runTimeoutMs: 1_000 }),
    });
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'look');
    expect(await look(h, 700)).toEqual({});
    expect(await look(h, 1_500)).toEqual({ [runId]: 'healthy' });
    expect(await look(h, 7_000)).toEqual({ [runId]: 'deadline_passed' });
    expect(await h.ended(runId)).toMatchObject({ status: 'timed_out', error: { code: 'deadline_exceeded' } });
    await h.quiet();
    expect(await h.operations.getSession(sessionId, LOCAL_OPERATOR)).toMatchObject({ active_run_id: null });
  });

  test.each(['ended', 'vanished'])('takes the session from a run that has %s', async (how) => {
    await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
    const { store, queues } = h.core;
    const sessionId = await h.newSession();
    const stuck = await h.submit(sessionId, 'go south');
    const runId = await h.submit(sessionId, 'go north');
    await (await queues.get('flow')!.getJob(stuck))!.remove();
    if (how === 'ended') await store.redis.hset(store.keys.run(stuck), 'status', 'failed');
    else await store.redis.del(store.keys.run(stuck));

    const findings = await look(h);
    expect(findings).toEqual({ [stuck]: 'ended', [runId]: 'session_stuck' });
    // Its time begins with its turn.
    expect((await h.operations.getRun(runId, LOCAL_OPERATOR)).deadline_at).not.toBeNull();
    await h.startWorkers(WORKERS);
    await expectToldOnce(h, sessionId, runId);
  });

  test('leaves the session with a run that was resumed in the same moment', async () => {
    await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
    const sessionId = await h.newSession();
    const active = await h.submit(sessionId, 'go south');
    await h.submit(sessionId, 'go north');
    expect(await handOverSession(h.core.store, { runId: active, sessionId, nowMs: Date.now() })).toBe(active);
    expect(await h.operations.getRun(active, LOCAL_OPERATOR)).toMatchObject({ status: 'pending' });
    expect(await h.operations.getSession(sessionId, LOCAL_OPERATOR)).toMatchObject({
      active_run_id: active,
      pending_turns: 1,
    });
  });

  test('runs a run job again that lost its worker too often', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: ['ipa', 'wba', 'nga'] });
    const sessionId = await h.newSession();
    const { hostname: host, port } = new URL(redis.url);
    // A worker that takes run jobs and is never heard of again.
    const hanging = new Worker('flow', () => Promise.withResolvers<never>().promise, {
      connection: { host, port: Number(port) },
      prefix: h.config.redis.bullmq_prefix,
      concurrency: 10,
      lockDuration: 100,
      skipLockRenewal: true,
      stalledInterval: 100,
      maxStalledCount: 1,
    });
    hanging.on('error', () => undefined);
    const runId = await h.submit(sessionId, 'go north');
    const job = (await h.core.queues.get('flow')!.getJob(runId))!;
    await eventually(async () => expect(await job.getState()).toBe('failed'));
    await hanging.close(true);
    expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({ status: 'running' });

    expect(await look(h)).toEqual({ [runId]: 'not_retried' });
    await h.startWorkers(['flow']);
    await expectToldOnce(h, sessionId, runId);
  });
});

describe('a step job that somebody removes while it waits', () => {
  test.each(['ipa', 'wba', 'nga'] as const)('%s is added again by the run itself', async (name) => {
    const calls = { ipa: 0, wba: 0, nga: 0 };
    await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED, agents: countingAgents(calls) });
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'go north');
    await (await h.core.queues.get(name)!.getJob(`${runId}.${name}`))!.remove({ removeChildren: false });
    await h.startWorkers(WORKERS);
    await expectToldOnce(h, sessionId, runId);
    expect(calls.wba).toBe(1);
  });
});
