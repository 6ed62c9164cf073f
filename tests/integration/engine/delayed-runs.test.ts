import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import type { StartRun } from '../../../src/contracts/turn.ts';
import { newRunId } from '../../../src/kernel/ids.ts';
import { admitRun } from '../../../src/primitives/durable/admit-run.ts';
import { countOpenRuns } from '../../../src/primitives/durable/open-runs.ts';
import { parallel, waitFor } from '../../../src/primitives/compose/combine.ts';
import { FIRST_CHECK_MS } from '../../../src/workflows/context.ts';
import { findStarter } from '../../../src/workflows/starter.ts';
import { runWatchdog } from '../../../src/workflows/watchdog.ts';
import { planCatalog } from '../../support/durable-runner.ts';
import { agentsWith, startHarness, untilAbort, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const AGENTS_AND_FLOW = ['ipa', 'wba', 'nga', 'flow'] as const;
const HOUR_MS = 3_600_000;

async function startLater(h: Harness, delayMs: number, request: Partial<StartRun> = {}): Promise<string> {
  const started = await h.operations.startRun(
    request.session_id === undefined ? 'input_processing' : 'collaborative',
    { input: { text: 'look around' }, delay_ms: delayMs, ...request },
    LOCAL_OPERATOR,
  );
  if (started.done) throw new Error('a run that nobody waited for cannot be done');
  return started.accepted.run_id;
}

function look(h: Harness, afterMs: number) {
  return runWatchdog({ ...h.core.workflows, clock: { now: () => Date.now() + afterMs } });
}

test('a delayed run is there at once, and begins only when its delay is over', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: AGENTS_AND_FLOW });
  const before = Date.now();
  const runId = await startLater(h, 1200);
  const waiting = await h.operations.getRun(runId, LOCAL_OPERATOR);
  expect(waiting).toMatchObject({ status: 'pending', started_at: null, deadline_at: null });
  expect(Date.parse(waiting.delayed_until!)).toBeGreaterThanOrEqual(before + 1200);
  expect(await countOpenRuns(h.core.store)).toBe(1);
  const ended = await h.ended(runId);
  expect(ended).toMatchObject({ status: 'completed' });
  expect(ended).not.toHaveProperty('delayed_until');
  expect(Date.parse(ended.started_at!)).toBeGreaterThanOrEqual(before + 1200);
  // The deadline counts from the beginning, and so does the time a step waited.
  expect(Date.parse(ended.deadline_at!)).toBeGreaterThanOrEqual(before + 1200 + 300_000);
  expect(ended.steps[0]?.queued_ms).toBeLessThan(1200);
});

test('why says until when a run is delayed, and the watchdog lets it be', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: ['flow'] });
  const runId = await startLater(h, HOUR_MS, { timeout_s: 1 });
  const { delayed_until: until } = await h.operations.getRun(runId, LOCAL_OPERATOR);
  const why = await h.operations.whyRun(runId, LOCAL_OPERATOR);
  expect(why.summary).toBe(`the run is pending: the run is delayed until ${until}`);
  expect(why.reasons).toMatchObject([{ kind: 'delayed', until, what_changes_it: 'time alone' }]);
  expect(why).not.toHaveProperty('next_deadline_at');
  // Far beyond its time limit, and nothing is found to be wrong with it.
  expect(await look(h, HOUR_MS / 2)).toEqual({ [runId]: 'healthy' });
  expect(await look(h, HOUR_MS - 1000)).toEqual({});
  expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({ status: 'pending' });
});

test('a delayed run can be cancelled, and leaves nothing behind', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: ['flow'] });
  const runId = await startLater(h, HOUR_MS, { session_id: await h.newSession() });
  const cancelled = await h.operations.cancelRun(runId, {}, LOCAL_OPERATOR);
  expect(cancelled).toMatchObject({ status: 'cancelled' });
  expect(await findStarter(h.core.workflows, runId)).toBeUndefined();
  expect(await countOpenRuns(h.core.store)).toBe(0);
  await h.quiet();
});

test('a signal that comes before a delayed run begins is kept, and decides nothing early', async () => {
  const wait = (name: string) => waitFor(name, z.number(), { timeoutMs: 700, onTimeout: { value: -1 } });
  await using h = await startHarness({
    redisUrl: redis.url,
    catalog: planCatalog({ both: parallel({ a: wait('a'), b: wait('b') }) }),
    workers: ['flow', 'maintenance'],
  });
  const admittedAt = Date.now();
  const started = await h.operations.startRun('both', { input: null, delay_ms: 1000 }, LOCAL_OPERATOR);
  const runId = started.done ? '' : started.accepted.run_id;
  await h.operations.signalRun(runId, 'a', 7, LOCAL_OPERATOR);
  expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({ status: 'pending' });
  const { redis: client, keys } = h.core.store;
  expect(await client.exists(keys.runDecisions(runId))).toBe(0);
  const ended = await h.ended(runId);
  expect(ended).toMatchObject({ status: 'completed', output: { a: 7, b: -1 } });
  // The wait for the other one began with the run.
  expect(Date.parse(ended.ended_at!) - admittedAt).toBeGreaterThanOrEqual(1700);
});

test('a delayed run holds no turn of its session before it begins, and takes its place then', async () => {
  const release = Promise.withResolvers<void>();
  const agents = agentsWith({
    ipa: async (input, ctx, agent) => {
      if (JSON.stringify(input).includes('go north')) {
        await Promise.race([release.promise, untilAbort(ctx.signal)]);
      }
      return agent.run(input, ctx);
    },
  });
  await using h = await startHarness({ redisUrl: redis.url, agents });
  const sessionId = await h.newSession();
  const delayed = await startLater(h, 800, { session_id: sessionId });
  const turn = await h.submit(sessionId, 'go north');
  await h.eventOf(turn, 'step.started', 'ipa');
  // Its delay passes while the turn is still going on.
  const begun = async (): Promise<boolean> =>
    (await h.core.store.redis.lpos(h.core.store.keys.sessionPending(sessionId), delayed)) === 0;
  await expect.poll(begun, { timeout: 10_000 }).toBe(true);
  const why = await h.operations.whyRun(delayed, LOCAL_OPERATOR);
  expect(why.reasons).toMatchObject([{ kind: 'session_turn_ahead', subject: turn }]);
  release.resolve();
  expect(await h.ended(delayed)).toMatchObject({ status: 'completed' });
  const { items } = await h.operations.listTurns(sessionId, { limit: 5 }, LOCAL_OPERATOR);
  expect(items.map(({ run_id }) => run_id)).toEqual([delayed, turn]);
});

test('a process that dies between admitting a delayed run and adding its starter does not keep it from its time', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: AGENTS_AND_FLOW });
  const runId = newRunId();
  const nowMs = Date.now();
  const untilMs = nowMs + 4000;
  await admitRun(
    h.core.store,
    {
      run_id: runId,
      workflow: 'input_processing',
      version: 1,
      priority: 'normal',
      input: { text: 'look around' },
      correlation_id: runId,
      timeout_ms: 60_000,
      delayed_until: untilMs,
    },
    {
      nowMs,
      maxOpenRuns: 10,
      maxPending: 1,
      onBusy: 'queue',
      nextCheckAtMs: nowMs,
      retentionSeconds: 60,
    },
  );
  expect((await h.operations.whyRun(runId, LOCAL_OPERATOR)).reasons).toMatchObject([
    { kind: 'delayed', what_changes_it: 'the watchdog puts the job that starts it on its queue' },
  ]);
  expect(await look(h, 0)).toEqual({ [runId]: 'jobs_missing' });
  const ended = await h.ended(runId);
  expect(ended).toMatchObject({ status: 'completed' });
  expect(Date.parse(ended.started_at!)).toBeGreaterThanOrEqual(untilMs);
});

test('the watchdog begins a run itself when its starter does not, once', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: [] });
  const runId = await startLater(h, 500);
  await (await findStarter(h.core.workflows, runId))!.remove();
  expect(await look(h, 500 + FIRST_CHECK_MS)).toEqual({ [runId]: 'jobs_missing' });
  await h.startWorkers(AGENTS_AND_FLOW);
  expect(await h.ended(runId)).toMatchObject({ status: 'completed', generation: 0 });
  expect(await h.eventsOf(runId)).toHaveLength(5);
});

test('a delayed run whose session expired meanwhile fails and says so', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: [] });
  const sessionId = await h.newSession();
  const runId = await startLater(h, 200, { session_id: sessionId });
  await h.core.store.redis.del(h.core.store.keys.session(sessionId));
  await h.startWorkers(AGENTS_AND_FLOW);
  expect(await h.ended(runId)).toMatchObject({ status: 'failed', error: { code: 'session_not_found' } });
});

test.for([-1, 1.5, 2_592_000_001])('a delay of %d ms is refused', async (delayMs) => {
  await using h = await startHarness({ redisUrl: redis.url, workers: [] });
  await expect(startLater(h, delayMs)).rejects.toMatchObject({
    code: 'validation_failed',
    problems: [{ path: '/delay_ms' }],
  });
});
