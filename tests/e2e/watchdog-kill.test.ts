import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../src/contracts/caller.ts';
import { eventually, startHarness } from '../support/harness.ts';
import { fleetProcesses } from '../support/processes.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

test('runs that lost their jobs and their place in the watchdog complete once, although the first one who repairs is killed', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: [] });
  await using processes = fleetProcesses(h);
  const { store, queues } = h.core;
  const flow = queues.get('flow')!;
  const input = { text: 'look around' };
  const runIds = await Promise.all(
    Array.from({ length: 150 }, async () => {
      const started = await h.operations.startRun('input_processing', { input, wait_ms: 0 }, LOCAL_OPERATOR);
      if (started.done) throw new Error('nobody works on it yet');
      return started.accepted.run_id;
    }),
  );
  await Promise.all(runIds.map(async (runId) => (await flow.getJob(runId))!.remove()));
  await store.redis.zrem(store.keys.deadlines(), ...runIds);

  const doomed = await processes.start('worker', 'flow');
  // It is in the middle: some have their jobs again.
  await eventually(async () => expect(await flow.getWaitingChildrenCount()).toBeGreaterThan(0));
  doomed.signal('SIGKILL');
  await doomed.ended;
  expect(await flow.getWaitingChildrenCount()).toBeLessThan(runIds.length);
  await Promise.all([
    processes.start('worker', 'flow'),
    processes.start('worker', 'flow'),
    processes.start('worker', 'ipa'),
  ]);
  for (const runId of runIds) {
    const run = await h.ended(runId);
    expect(run).toMatchObject({ status: 'completed' });
    expect(run.steps.map(({ attempts }) => attempts)).toEqual([1]);
  }
  await h.quiet();
  expect((await h.operations.checkRuns({}, LOCAL_OPERATOR)).findings).toEqual([]);
});
