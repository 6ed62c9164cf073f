import { Worker, type Job } from 'bullmq';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import type { PutSchedule, ScheduleView } from '../../../src/contracts/schedule.ts';
import { createCatalog } from '../../../src/workflows/catalog/catalog.ts';
import { runScheduled } from '../../../src/workflows/schedules/run-scheduled.ts';
import {
  agentsWith,
  eventually,
  quickCatalog,
  startHarness,
  untilAbort,
  type Harness,
} from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const UNATTENDED = { workers: [] };
const YEARLY = { cron: '0 0 1 1 *' };

function put(
  h: Harness,
  name: string,
  times: Partial<PutSchedule>,
): Promise<{ schedule: ScheduleView; created: boolean }> {
  const schedule = { workflow: 'input_processing', input: { text: 'look around' }, ...times };
  return h.operations.putSchedule(name, schedule, LOCAL_OPERATOR);
}

async function runsOf(h: Harness, name: string): Promise<string[]> {
  const { items } = await h.operations.listRuns({ limit: 100 }, LOCAL_OPERATOR);
  return items.filter(({ metadata }) => metadata['schedule'] === name).map(({ run_id }) => run_id);
}

/** The job that a schedule has waiting, delayed or not. */
async function tickOf(h: Harness, name: string): Promise<Job> {
  const jobs = await h.core.queues.get('maintenance')!.getJobs(['delayed', 'waiting', 'prioritized']);
  return jobs.find(({ id }) => id!.includes(`sched-${name}:`))!;
}

test('a schedule starts ordinary runs, again and again, and says what it did', async () => {
  await using h = await startHarness({ redisUrl: redis.url });
  const { schedule, created } = await put(h, 'often', {
    every_ms: 1000,
    priority: 'high',
    metadata: { a: 1 },
  });
  expect(created).toBe(true);
  expect(schedule).toMatchObject({ name: 'often', overlap: 'allow', created_by: 'local', last: null });
  await eventually(async () => expect((await runsOf(h, 'often')).length).toBeGreaterThanOrEqual(3));
  const [newest] = await runsOf(h, 'often');
  const run = await h.ended(newest!);
  expect(run).toMatchObject({
    status: 'completed',
    priority: 'high',
    submitted_by: 'local',
    metadata: { a: 1, schedule: 'often' },
  });
  const now = await h.operations.getSchedule('often');
  expect(now.last).toMatchObject({ outcome: 'started', run_id: (await runsOf(h, 'often'))[0] });
  expect(Date.parse(now.next_run_at!)).toBeGreaterThan(Date.parse(now.last!.at));
  await h.operations.deleteSchedule('often', LOCAL_OPERATOR);
  expect(await tickOf(h, 'often')).toBeUndefined();
});

test('a tick that is delivered twice, to two workers at once, starts one run', async () => {
  await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
  await put(h, 'yearly', YEARLY);
  const tick = await tickOf(h, 'yearly');
  const results = await Promise.all([1, 2, 3].map(() => runScheduled(h.core.workflows, tick)));
  await runScheduled(h.core.workflows, tick);
  const runs = await runsOf(h, 'yearly');
  expect(runs).toHaveLength(1);
  for (const result of results) expect(result).toEqual({ outcome: 'started', run_id: runs[0] });
});

test('a worker that dies right after its tick was taken leaves it to another, and one run starts', async () => {
  await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
  await put(h, 'now', { every_ms: 3_600_000 });
  const taken = Promise.withResolvers<void>();
  const options = {
    connection: { url: redis.url },
    prefix: h.config.redis.bullmq_prefix,
    skipLockRenewal: true,
  };
  const doomed = new Worker(
    'maintenance',
    async (job) => {
      if (!job.id!.includes('sched-now:')) return;
      await runScheduled(h.core.workflows, job);
      taken.resolve();
      await new Promise(() => undefined);
    },
    { ...options, lockDuration: 500, skipStalledCheck: true },
  );
  doomed.on('error', () => undefined);
  await taken.promise;
  await doomed.close(true);
  await h.startWorkers(['ipa', 'flow', 'maintenance']);
  const maintenance = h.core.queues.get('maintenance')!;
  const isDone = async (): Promise<boolean> =>
    (await maintenance.getCompleted()).some(({ id }) => id!.includes('sched-now:'));
  await eventually(async () => expect(await isDone()).toBe(true));
  const [runId, ...others] = await runsOf(h, 'now');
  expect(others).toEqual([]);
  expect(await h.ended(runId!)).toMatchObject({ status: 'completed' });
});

test('with overlap skip no run is started while the one before is open', async () => {
  const release = Promise.withResolvers<void>();
  const agents = agentsWith({
    ipa: async (input, ctx, agent) => {
      await Promise.race([release.promise, untilAbort(ctx.signal)]);
      return agent.run(input, ctx);
    },
  });
  await using h = await startHarness({ redisUrl: redis.url, agents });
  await put(h, 'slow', { every_ms: 1000, overlap: 'skip' });
  const lastOf = async () => (await h.operations.getSchedule('slow')).last;
  await eventually(async () => expect(await lastOf()).toMatchObject({ outcome: 'skipped' }));
  const [runId, ...others] = await runsOf(h, 'slow');
  expect(others).toEqual([]);
  expect(await lastOf()).toMatchObject({ run_id: runId });
  release.resolve();
  await h.ended(runId!);
  await eventually(async () => expect((await runsOf(h, 'slow')).length).toBeGreaterThan(1));
});

test('a schedule whose workflow is gone fails for everybody to see, and its dead letter starts the run later', async () => {
  await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
  await put(h, 'orphan', { every_ms: 3_600_000 });
  const withoutIt = createCatalog([quickCatalog().latest('world_building')]);
  const { config, log, metrics } = h.core;
  const { startWorkerRole } = await import('../../../src/runtime/worker-role.ts');
  const core = { config, redisUrl: redis.url, log, metrics, catalog: withoutIt };
  const role = await startWorkerRole({ ...core, queues: ['maintenance'], instance: 'new' });
  await eventually(async () =>
    expect((await h.operations.getSchedule('orphan')).last).toMatchObject({ outcome: 'failed' }),
  );
  const [letter] = await eventuallyLetters(h);
  await role.stop();
  const { last, next_run_at: next } = await h.operations.getSchedule('orphan');
  expect(last).toMatchObject({ error: { code: 'workflow_not_found' } });
  expect(last).not.toHaveProperty('run_id');
  expect(Date.parse(next!)).toBeGreaterThan(Date.now());
  expect(letter).toMatchObject({ queue: 'maintenance', reason: 'workflow_not_found' });
  expect(h.logLines.join('')).toContain('a schedule could not start its run');
  // The workflow is back: what was due then is done after all.
  await h.operations.replayDeadLetter(letter!.dlq_id, LOCAL_OPERATOR);
  await h.startWorkers(['ipa', 'flow', 'maintenance']);
  await eventually(async () => expect(await runsOf(h, 'orphan')).toHaveLength(1));
  expect(await h.operations.listDeadLetters({ limit: 5 })).toEqual([]);
});

function eventuallyLetters(h: Harness) {
  return expect
    .poll(() => h.operations.listDeadLetters({ limit: 5 }), { timeout: 10_000 })
    .toHaveLength(1)
    .then(() => h.operations.listDeadLetters({ limit: 5 }));
}

test('schedules are kept in Redis alone: another process lists, changes and deletes them', async () => {
  await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
  const { operateFleet } = await import('../../../src/runtime/operate-fleet.ts');
  const { config, log, metrics } = h.core;
  await put(h, 'b', { cron: '30 4 * * *', timezone: 'Europe/Berlin' });
  await put(h, 'a', YEARLY);
  const other = await operateFleet({ config, redisUrl: redis.url, log, metrics });
  try {
    const listed = await other.operations.listSchedules();
    expect(listed.map(({ name, cron }) => [name, cron])).toEqual([
      ['a', '0 0 1 1 *'],
      ['b', '30 4 * * *'],
    ]);
    const [, berlin] = listed;
    const hour = new Intl.DateTimeFormat('en', {
      timeZone: 'Europe/Berlin',
      hour: 'numeric',
      minute: 'numeric',
    });
    expect(hour.format(new Date(berlin!.next_run_at!))).toBe('4:30 AM');
    const changed = await other.operations.putSchedule(
      'a',
      { workflow: 'input_processing', input: { text: 'go north' }, cron: '0 12 * * *' },
      LOCAL_OPERATOR,
    );
    expect(changed).toMatchObject({
      created: false,
      schedule: { cron: '0 12 * * *', input: { text: 'go north' } },
    });
    expect((await tickOf(h, 'a')).data).toMatchObject({ start: { input: { text: 'go north' } } });
    expect(await h.core.queues.get('maintenance')!.getDelayedCount()).toBe(2);
    await other.operations.deleteSchedule('a', LOCAL_OPERATOR);
    await expect(h.operations.getSchedule('a')).rejects.toMatchObject({ code: 'schedule_not_found' });
    await expect(h.operations.deleteSchedule('a', LOCAL_OPERATOR)).rejects.toMatchObject({
      code: 'schedule_not_found',
    });
  } finally {
    await other.close();
  }
});

test('putting the same schedule again changes nothing, also not when it is due', async () => {
  await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
  const first = await put(h, 'same', { every_ms: 60_000 });
  const second = await put(h, 'same', { every_ms: 60_000 });
  expect(second).toEqual({ schedule: first.schedule, created: false });
});

test('a schedule that has ended starts nothing any more and says so', async () => {
  await using h = await startHarness({ redisUrl: redis.url });
  await put(h, 'brief', { every_ms: 1000, ends_at: new Date(Date.now() + 1500).toISOString() });
  await eventually(async () => expect((await h.operations.getSchedule('brief')).next_run_at).toBeNull());
  const runs = (await runsOf(h, 'brief')).length;
  await eventually(async () => {
    const active = await h.core.queues
      .get('maintenance')!
      .getJobCounts('active', 'delayed', 'waiting', 'prioritized');
    expect(await tickOf(h, 'brief'), JSON.stringify(active)).toBeUndefined();
  });
  expect(await runsOf(h, 'brief')).toHaveLength(runs);
  expect(runs).toBeGreaterThanOrEqual(1);
  expect(runs).toBeLessThanOrEqual(2);
});

test.for([
  [{}, '/cron', 'either cron or every_ms'],
  [{ cron: '* * * * *', every_ms: 1000 }, '/every_ms', 'exclude each other'],
  [{ cron: '61 * * * *' }, '/cron', 'got value 61 expected range 0-59'],
  [{ cron: '* * *' }, '/cron', 'got 3'],
  [{ cron: 'whenever you like it, please' }, '/cron', 'whenever'],
  [{ cron: '0 0 30 2 *' }, '/cron', 'day of month'],
  [{ cron: '* * * * *', timezone: 'Mars/Olympus' }, '/timezone', 'Mars/Olympus'],
  [{ every_ms: 1000, timezone: 'UTC' }, '/timezone', 'without cron'],
  [{ every_ms: 1000, ends_at: '2020-01-01T00:00:00Z' }, '/ends_at', 'past'],
  [
    { every_ms: 1000, starts_at: '2100-01-02T00:00:00Z', ends_at: '2100-01-01T00:00:00Z' },
    '/ends_at',
    'not after',
  ],
  [{ ...YEARLY, ends_at: new Date(Date.now() + 60_000).toISOString() }, '/cron', 'no moment'],
] as const)('times that make no sense are refused: %j', async ([times, path, message]) => {
  await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
  await expect(put(h, 'odd', times)).rejects.toMatchObject({
    code: 'invalid_schedule',
    httpStatus: 422,
    problems: [{ path, message: expect.stringContaining(message) as string }],
  });
  expect(await h.operations.listSchedules()).toEqual([]);
});

test.for([
  [{ workflow: 'nothing' }, 'workflow_not_found'],
  [{ version: 99 }, 'workflow_not_found'],
  [{ input: { txt: 'x' } }, 'validation_failed'],
  [{ timeout_s: 3000 }, 'invalid_timeout'],
  [{ every_ms: 10 }, 'validation_failed'],
  [{ cron_expression: '* * * * *' }, 'validation_failed'],
] as const)('a schedule that could start nothing is refused: %j', async ([part, code]) => {
  await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
  const request = { every_ms: 1000, ...part } as Partial<PutSchedule>;
  await expect(put(h, 'odd', request)).rejects.toMatchObject({ code });
  expect(await h.operations.listSchedules()).toEqual([]);
});
