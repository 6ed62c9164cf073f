import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCAL_OPERATOR, type Caller, type Role } from '../../../src/contracts/caller.ts';
import type { StartRun } from '../../../src/contracts/turn.ts';
import { countOpenRuns } from '../../../src/primitives/durable/open-runs.ts';
import { operateFleet } from '../../../src/runtime/operate-fleet.ts';
import { startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const UNATTENDED = { workers: [] };
const service = (id: string): Caller => ({ id, roles: new Set<Role>(['enqueue']) });

async function start(
  { operations }: Pick<Harness, 'operations'>,
  request: Partial<StartRun>,
  { workflow = 'input_processing', caller = LOCAL_OPERATOR } = {},
): Promise<{ runId: string; isRepeat: boolean; status: string }> {
  const submitted = await operations.startRun(
    workflow,
    { input: { text: 'look around' }, ...request },
    caller,
  );
  const isRepeat = submitted.isRepeat === true;
  if (!submitted.done)
    return { runId: submitted.accepted.run_id, isRepeat, status: submitted.accepted.status };
  const { run_id: runId, status } = submitted.response.workflow_metadata;
  return { runId: runId!, isRepeat, status };
}

test('one dedup_id is one run, also when two API processes are asked 40 times at once', async () => {
  await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
  const { config, log, metrics } = h.core;
  const other = await operateFleet({ config, redisUrl: redis.url, log, metrics });
  try {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => start(i % 2 === 0 ? h : other, { dedup_id: 'order-7' })),
    );
    expect(new Set(answers.map(({ runId }) => runId)).size).toBe(1);
    expect(answers.filter(({ isRepeat }) => !isRepeat)).toHaveLength(1);
    expect(await countOpenRuns(h.core.store)).toBe(1);
    expect(await h.core.queues.get('flow')!.getJobCountByTypes('waiting-children')).toBe(1);
  } finally {
    await other.close();
  }
});

test('a dedup_id belongs to its caller and its workflow', async () => {
  await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
  const starts = await Promise.all([
    start(h, { dedup_id: 'd' }),
    start(h, { dedup_id: 'd' }, { workflow: 'narrative_generation' }),
    start(h, { dedup_id: 'd' }, { caller: service('a') }),
    start(h, { dedup_id: 'd' }, { caller: service('b') }),
    start(h, { dedup_id: 'e' }),
  ]);
  expect(new Set(starts.map(({ runId }) => runId)).size).toBe(5);
});

test('another request under the same dedup_id is refused, and says which run has it', async () => {
  await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
  const { runId } = await start(h, { dedup_id: 'd' });
  // How long somebody waits is no part of what is asked for.
  expect(await start(h, { dedup_id: 'd', wait_ms: 1 })).toMatchObject({ runId, isRepeat: true });
  for (const other of [{ input: { text: 'go north' } }, { priority: 'high' as const }, { delay_ms: 5 }]) {
    await expect(start(h, { dedup_id: 'd', ...other })).rejects.toMatchObject({
      code: 'idempotency_key_reused',
      httpStatus: 422,
      details: { run_id: runId },
    });
  }
  expect(await countOpenRuns(h.core.store)).toBe(1);
});

test('a repeat waits for the run that is there, and gets its answer', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: ['ipa', 'flow'] });
  const first = await start(h, { dedup_id: 'd' });
  const second = await start(h, { dedup_id: 'd', wait_ms: 20_000 });
  expect(second).toEqual({ runId: first.runId, isRepeat: true, status: 'completed' });
});

test('who awaits a run gets it as it ends, or as it stands when the time is over', async () => {
  await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
  const { runId } = await start(h, {});
  const awaited = (waitMs: number) => h.operations.awaitRun(runId, { waitMs }, LOCAL_OPERATOR);
  expect(await awaited(20)).toMatchObject({ status: 'pending' });
  const [ended] = await Promise.all([awaited(20_000), h.startWorkers(['ipa', 'flow'])]);
  expect(ended).toMatchObject({ status: 'completed' });
  const stranger = h.operations.awaitRun(runId, { waitMs: 0 }, service('b'));
  await expect(stranger).rejects.toMatchObject({ code: 'run_not_found' });
});

test('when the record of its run has expired, a dedup_id is free again', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: ['ipa', 'flow'] });
  const { runId } = await start(h, { dedup_id: 'd', wait_ms: 20_000 });
  const { redis: client, keys } = h.core.store;
  expect(await client.ttl(keys.run(runId))).toBeGreaterThan(0);
  await client.del(keys.run(runId));
  const again = await start(h, { dedup_id: 'd' });
  expect(again.isRepeat).toBe(false);
  expect(again.runId).not.toBe(runId);
});

test('a run of which only the record was made goes on when its request is repeated', async () => {
  await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
  const { runId } = await start(h, { dedup_id: 'd' });
  // What a process leaves that is killed right after the admission: the claim and the record, no job.
  await (await h.core.queues.get('flow')!.getJob(runId))!.remove({ removeChildren: true });
  expect(await start(h, { dedup_id: 'd' })).toMatchObject({ runId, isRepeat: true });
  await h.startWorkers(['ipa', 'flow']);
  expect(await h.ended(runId)).toMatchObject({ status: 'completed' });
});

test('what is refused claims no dedup_id', async () => {
  await using h = await startHarness({
    redisUrl: redis.url,
    ...UNATTENDED,
    settings: { 'workflow.max_open_runs': '1' },
  });
  const first = await start(h, {});
  await expect(start(h, { dedup_id: 'd' })).rejects.toMatchObject({ code: 'too_many_runs' });
  await h.operations.cancelRun(first.runId, {}, LOCAL_OPERATOR);
  expect(await start(h, { dedup_id: 'd' })).toMatchObject({ isRepeat: false });
});
