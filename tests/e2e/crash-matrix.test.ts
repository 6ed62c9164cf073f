import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../src/contracts/caller.ts';
import { startEmbeddedRedis } from '../../src/redis/embedded/start.ts';
import { durableHarness, type OpenHarness } from '../../src/testing/durable-harness.ts';
import type { HarnessRun } from '../../src/testing/harness.ts';
import type { KillPoint, ProcessRole } from '../../src/testing/kill-points.ts';
import { acquireRedis, type TestRedis } from '../../src/testing/own-redis.ts';
import { callsOf, openJournal } from '../support/crash-journal.ts';
import { eventually } from '../support/harness.ts';

const PLANS = new URL('../support/crash-plans.ts', import.meta.url);
const KILLED = { code: null, signal: 'SIGKILL' };

let redis: TestRedis;
/** One fleet for all deaths: whoever dies is replaced. */
let h: OpenHarness;
beforeAll(async () => {
  redis = await acquireRedis();
  openJournal();
  h = await durableHarness({ plans: PLANS, redisUrl: redis.url });
});
afterAll(async () => {
  await h[Symbol.asyncDispose]();
  await redis.dispose();
});

/** A run during which a process dies at a moment, which it must have come to. */
async function runWithDeath(plan: string, role: ProcessRole, point: KillPoint): Promise<HarnessRun> {
  const { gone } = await h.kill(role, point);
  const run = await h.run(plan, 'go');
  expect(await gone).toEqual(KILLED);
  return run;
}

/** Every step has one outcome, the run one end, and nothing is left that waits. */
async function expectTidy(fleet: OpenHarness, { runId, view }: HarnessRun): Promise<void> {
  const { items } = await fleet.operations.listRunEvents(runId, { limit: 200 }, LOCAL_OPERATOR);
  const outcomes = items.filter(({ type }) => type === 'step.completed' || type === 'step.failed');
  const steps = outcomes.map(({ step }) => step!);
  expect(steps.toSorted()).toEqual([...new Set(steps)].toSorted());
  expect(items.filter(({ type }) => type === `run.${view.status}`)).toHaveLength(1);
  await eventually(async () => {
    for (const queue of fleet.core.queues.values()) {
      if (queue.name === 'maintenance') continue;
      const left = await queue.getJobCounts(
        'waiting',
        'prioritized',
        'active',
        'delayed',
        'waiting-children',
      );
      expect([queue.name, Object.values(left)]).toEqual([queue.name, [0, 0, 0, 0, 0]]);
    }
  });
  expect(await fleet.core.store.redis.zcard(fleet.core.store.keys.deadlines())).toBe(0);
}

/** How often each handler of a run was called. */
function timesCalled({ runId }: HarnessRun): Record<string, number> {
  const times: Record<string, number> = {};
  for (const { path } of callsOf(runId)) times[path] = (times[path] ?? 0) + 1;
  return times;
}

/** All jobs that a run ever had on a queue, by id. */
async function jobIds(fleet: OpenHarness, runId: string): Promise<string[]> {
  const found = await Promise.all(
    [...fleet.core.queues.values()].map(async (queue) =>
      (await queue.getJobs(['completed', 'failed', 'active', 'waiting', 'delayed'])).map((job) => job.id!),
    ),
  );
  return found
    .flat()
    .filter((id) => id === runId || id.startsWith(`${runId}.`))
    .toSorted();
}

describe('[P7.3] a worker that is killed', () => {
  test.for([
    { at: 'step.before_handler', calls: 1 },
    { at: 'step.during_handler', calls: 2 },
    { at: 'step.before_effect', calls: 2 },
    { at: 'step.after_effect', calls: 1 },
  ] as const)('at $at leaves its step to another one, and the effect happens once', async ({ at, calls }) => {
    const run = await runWithDeath('chain', 'worker', { at, path: 'second' });
    expect(run).toMatchObject({ status: 'completed', paths: ['first', 'second', 'third'] });
    expect(timesCalled(run)).toEqual({ first: 1, second: calls, third: 1 });
    const [third] = callsOf(run.runId).filter(({ path }) => path === 'third');
    const second = callsOf(run.runId).filter(({ path }) => path === 'second');
    expect(new Set(second.map(({ key }) => key))).toEqual(new Set([`${run.runId}.second`]));
    expect(second.map(({ input }) => input)).toEqual(Array.from({ length: calls }, () => second[0]!.input));
    // What was recorded is the answer of the last call, and it was recorded once: whoever comes later builds on it.
    expect(third!.input).toBe(`second by ${second.at(-1)!.pid}`);
    await expectTidy(h, run);
  });

  test('in the middle of a turn leaves one change of the world and one line of history', async () => {
    const { session } = await h.operations.createSession({}, LOCAL_OPERATOR);
    const { gone } = await h.kill('worker', { at: 'step.after_effect', path: 'wba' });
    const submitted = await h.operations.submitTurn(
      session.session_id,
      { text: 'go north', wait_ms: 0 },
      LOCAL_OPERATOR,
    );
    if (submitted.done) throw new TypeError('nobody waited for it');
    const run = await h.ended(submitted.accepted.run_id);
    expect(await gone).toEqual(KILLED);
    expect(run.status).toBe('completed');
    const { items } = await h.operations.listTurns(session.session_id, { limit: 10 }, LOCAL_OPERATOR);
    expect(items.map(({ run_id, turn }) => [run_id, turn])).toEqual([[run.runId, 1]]);
    const world = await h.core.store.redis.hget(h.core.store.keys.world(session.world_id), 'version');
    expect(world).toBe('1');
    await expectTidy(h, run);
  });
});

describe('[P7.3] a coordinator that is killed', () => {
  test.for([
    'run.before_adding_children',
    'run.after_adding_children',
    'run.before_settle',
    'run.after_settle',
  ] as const)('at %s is followed by one that adds nothing twice', async (at) => {
    const run = await runWithDeath('decides', 'coordinator', { at });
    expect(run).toMatchObject({ status: 'completed', paths: ['ask', 'is_told.then.tell', 'close'] });
    expect(timesCalled(run)).toEqual({ ask: 1, 'is_told.then.tell': 1, close: 1 });
    await expectTidy(h, run);
    // The first generation of jobs sufficed.
    expect(await jobIds(h, run.runId)).toEqual(
      [run.runId, ...run.paths.map((path) => `${run.runId}.${path}`)].toSorted(),
    );
  });

  test('after it added branches is followed by one that waits for them', async () => {
    const run = await runWithDeath('branches', 'coordinator', { at: 'branch.after_adding' });
    expect(run.status).toBe('completed');
    expect(timesCalled(run)).toEqual(Object.fromEntries(run.paths.map((path) => [path, 1])));
    expect(run.paths).toHaveLength(6);
    await expectTidy(h, run);
  });

  test.for(['decision.before_record', 'decision.after_record'] as const)(
    'at %s is followed by one that decides no second time',
    async (at) => {
      const run = await runWithDeath('chance', 'coordinator', { at });
      expect(run.status).toBe('completed');
      expect(run.branches).toHaveLength(1);
      expect(run.paths).toEqual([
        'toss',
        run.branches[0]!.replace('=', '.') + (run.branches[0]!.endsWith('heads') ? '.won' : '.lost'),
      ]);
      expect(Object.values(timesCalled(run))).toEqual([1, 1]);
      await expectTidy(h, run);
    },
  );
});

describe('[P13.6] a saga', () => {
  const undone = ['trip.hotel~undo.cancel_hotel', 'trip.flight~undo.cancel_flight'];

  test('that fails at its third of four steps undoes the second and the first, once each', async () => {
    const run = await h.run('trip', 'go');
    expect(run).toMatchObject({ status: 'failed', errorCode: 'step_failed', compensations: undone });
    expect(timesCalled(run)).toEqual({
      'trip.flight': 1,
      'trip.hotel': 1,
      'trip.car': 1,
      [undone[0]!]: 1,
      [undone[1]!]: 1,
    });
    await expectTidy(h, run);
  });

  test('does so also when the coordinator is killed between the undos', async () => {
    const run = await runWithDeath('trip', 'coordinator', { at: 'saga.between_undos' });
    expect(run).toMatchObject({ status: 'failed', errorCode: 'step_failed', compensations: undone });
    expect(Object.values(timesCalled(run))).toEqual([1, 1, 1, 1, 1]);
    await expectTidy(h, run);
  });

  test('does so also when a worker is killed after an undo took effect', async () => {
    const run = await runWithDeath('trip', 'worker', { at: 'step.after_effect', path: undone[0]! });
    expect(run).toMatchObject({ status: 'failed', compensations: undone });
    expect(Object.values(timesCalled(run))).toEqual([1, 1, 1, 1, 1]);
    await expectTidy(h, run);
  });

  test('whose second undo fails still undoes the first', async () => {
    const run = await runWithDeath('stuck_trip', 'coordinator', { at: 'saga.between_undos' });
    expect(run).toMatchObject({
      status: 'failed',
      errorCode: 'saga_compensation_failed',
      compensations: undone,
    });
    expect(Object.values(timesCalled(run))).toEqual([1, 1, 1, 1, 1]);
    await expectTidy(h, run);
  });
});

describe('[P7.3] two coordinators, of which one has lost its lock without knowing,', () => {
  test.for([
    { at: 'run.before_adding_children', plan: 'decides' },
    { at: 'run.after_adding_children', plan: 'decides' },
    { at: 'run.before_settle', plan: 'decides' },
    { at: 'decision.before_record', plan: 'chance' },
    { at: 'branch.after_adding', plan: 'branches' },
    { at: 'saga.between_undos', plan: 'trip' },
  ] as const)('at $at, agree, and one completes the run', async ({ at, plan }) => {
    await using fleet = await durableHarness({ plans: PLANS, redisUrl: redis.url });
    const frozen = await fleet.freeze('coordinator', { at });
    const runId = await fleet.start(plan, 'go');
    await frozen.stands;
    // The one beside it takes over and ends the run, while the first still believes to hold it.
    const run = await fleet.ended(runId);
    frozen.thaw();
    expect(await frozen.retire()).toEqual({ code: 0, signal: null });
    const again = await fleet.ended(runId);
    expect(again).toEqual(run);
    expect(run.status).toBe(plan === 'trip' ? 'failed' : 'completed');
    expect(timesCalled(run)).toEqual(Object.fromEntries(run.paths.map((path) => [path, 1])));
    await expectTidy(fleet, run);
    const steps = (await jobIds(fleet, runId)).filter((id) => id.includes('~g'));
    expect(steps).toEqual([]);
  });
});

describe('[P7.3] a worker that stood still past its lock', () => {
  test.for([
    'step.before_handler',
    'step.during_handler',
    'step.before_effect',
    'step.after_effect',
  ] as const)('at %s changes nothing when it comes back, not even by failing', async (at) => {
    await using fleet = await durableHarness({ plans: PLANS, redisUrl: redis.url });
    const frozen = await fleet.freeze('worker', { at, path: 'second' });
    const runId = await fleet.start('chain', 'go');
    await frozen.stands;
    const run = await fleet.ended(runId);
    frozen.thaw();
    expect(await frozen.retire()).toEqual({ code: 0, signal: null });
    expect(run).toMatchObject({ status: 'completed', paths: ['first', 'second', 'third'] });
    expect(await fleet.ended(runId)).toEqual(run);
    await expectTidy(fleet, run);
  });
});

test('[P7.3] a Redis that restarts with its append-only file loses no run and repeats no effect', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'ao-crash-redis-'));
  await using server = await startEmbeddedRedis({ dataDir, persistent: true });
  {
    await using fleet = await durableHarness({ plans: PLANS, redisUrl: server.url });
    // Its worker stands still in the middle of a step while the server goes away.
    const frozen = await fleet.freeze('worker', { at: 'step.during_handler', path: 'second' });
    const runs = await Promise.all(Array.from({ length: 20 }, async () => fleet.start('chain', 'go')));
    await frozen.stands;
    await server.restart();
    frozen.thaw();
    for (const runId of runs) {
      const run = await eventuallyEnded(fleet, runId);
      expect(run).toMatchObject({ status: 'completed', paths: ['first', 'second', 'third'] });
    }
    expect(await frozen.retire()).toEqual({ code: 0, signal: null });
    for (const runId of runs) await expectTidy(fleet, await fleet.ended(runId));
  }
  rmSync(dataDir, { recursive: true, force: true });
});

/** Whoever asks while the server is away is refused, and asks again. */
async function eventuallyEnded(fleet: OpenHarness, runId: string): Promise<HarnessRun> {
  let run: HarnessRun | undefined;
  await eventually(async () => void (run = await fleet.ended(runId)), 30_000);
  return run!;
}
