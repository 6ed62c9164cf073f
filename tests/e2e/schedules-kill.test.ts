import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../src/contracts/caller.ts';
import type { RunSummary } from '../../src/contracts/run.ts';
import { eventually, startHarness, type Harness } from '../support/harness.ts';
import { fleetProcesses } from '../support/processes.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

async function allRuns(h: Harness): Promise<readonly RunSummary[]> {
  const { items, next } = await h.operations.listRuns({ limit: 100 }, LOCAL_OPERATOR);
  expect(next).toBeNull();
  return items;
}

/** The moment at which a scheduled run was due stands in its id. */
function dueAt({ run_id: runId }: RunSummary): number {
  return Number.parseInt(runId.slice('wf_'.length).replaceAll('-', '').slice(0, 12), 16);
}

test('schedules and delayed runs go on when one of two workers is killed, and nothing starts twice', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: ['ipa'] });
  await using processes = fleetProcesses(h);
  const [doomed] = await Promise.all([processes.start('worker', 'flow'), processes.start('worker', 'flow')]);
  const input = { text: 'look around' };
  const times = { workflow: 'input_processing', input, every_ms: 1000 };
  await h.operations.putSchedule('often', times, LOCAL_OPERATOR);
  const delayed = await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      h.operations.startRun('input_processing', { input, delay_ms: 500 + 300 * i }, LOCAL_OPERATOR),
    ),
  );
  await eventually(async () => expect((await allRuns(h)).length).toBeGreaterThanOrEqual(12));
  doomed.signal('SIGKILL');
  await doomed.ended;
  await eventually(async () => expect((await allRuns(h)).length).toBeGreaterThanOrEqual(17), 40_000);
  await h.operations.deleteSchedule('often', LOCAL_OPERATOR);
  for (const started of delayed) {
    if (started.done) throw new Error('a delayed run does not end at once');
    expect(await h.ended(started.accepted.run_id)).toMatchObject({ status: 'completed' });
  }
  const scheduled = (await allRuns(h)).filter(({ metadata }) => metadata['schedule'] === 'often');
  for (const { run_id: runId } of scheduled) {
    expect(await h.ended(runId)).toMatchObject({ status: 'completed' });
  }
  // Each moment has one run.
  expect(new Set(scheduled.map((run) => Math.round(dueAt(run) / 1000))).size).toBe(scheduled.length);
});
