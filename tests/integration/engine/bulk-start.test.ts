import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { newRunId } from '../../../src/kernel/ids.ts';
import { RunIdText } from '../../../src/contracts/identifiers.ts';
import { countOpenRuns } from '../../../src/primitives/durable/open-runs.ts';
import { startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const UNATTENDED = { workers: [] };
const fine = { input: { text: 'look around' } };

function bulk(h: Harness, items: Record<string, unknown>[], atomic = false, runId = newRunId()) {
  return h.operations.startRuns('input_processing', { items, atomic }, LOCAL_OPERATOR, { runId });
}

test('of many runs each has its own outcome, and every one that was accepted ends', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: ['ipa', 'flow'] });
  const items = Array.from({ length: 60 }, (_, i) => (i % 20 === 7 ? { input: { txt: i } } : fine));
  const started = await bulk(h, items);
  expect(started.map(({ index }) => index)).toEqual(items.map((_, i) => i));
  const refused = started.filter(({ error }) => error !== undefined);
  expect(refused.map(({ index, error }) => [index, error?.code])).toEqual([
    [7, 'validation_failed'],
    [27, 'validation_failed'],
    [47, 'validation_failed'],
  ]);
  const ids = started.flatMap(({ runId }) => (runId === undefined ? [] : [RunIdText.parse(runId)]));
  expect(new Set(ids).size).toBe(57);
  for (const id of ids) expect(await h.ended(id)).toMatchObject({ status: 'completed' });
});

test('a request that is repeated starts none twice', async () => {
  await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
  const base = newRunId();
  const [first, second] = await Promise.all([
    bulk(h, [fine, fine], false, base),
    bulk(h, [fine, fine], false, base),
  ]);
  expect(second).toEqual(first);
  expect(await countOpenRuns(h.core.store)).toBe(2);
});

test('an atomic request with one wrong item starts nothing, and says which', async () => {
  await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
  await expect(bulk(h, [fine, { input: { text: '' } }], true)).rejects.toMatchObject({
    code: 'validation_failed',
    problems: [{ path: '/items/1/input/text' }],
  });
  await expect(bulk(h, [fine, { ...fine, session_id: 'nobody' }], true)).rejects.toMatchObject({
    code: 'session_not_found',
  });
  expect(await countOpenRuns(h.core.store)).toBe(0);
});

test('an atomic request that does not fit starts nothing; another one starts what fits', async () => {
  const settings = { 'workflow.max_open_runs': '2' };
  await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED, settings });
  await expect(bulk(h, [fine, fine, fine], true)).rejects.toMatchObject({
    code: 'too_many_runs',
    httpStatus: 429,
  });
  expect(await countOpenRuns(h.core.store)).toBe(0);
  const started = await bulk(h, [fine, fine, fine]);
  expect(started.filter(({ error }) => error?.code === 'too_many_runs')).toHaveLength(1);
});

test('when an atomic request fails half-way, what it started is cancelled', async () => {
  await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
  const sessionId = await h.newSession();
  // The session takes eight turns behind the first; nothing but starting them tells.
  const items = Array.from({ length: 12 }, () => ({ ...fine, session_id: sessionId }));
  await expect(bulk(h, items, true)).rejects.toMatchObject({ code: 'session_busy' });
  expect(await countOpenRuns(h.core.store)).toBe(0);
  const { items: runs } = await h.operations.listRuns({ limit: 100 }, LOCAL_OPERATOR);
  expect(new Set(runs.map(({ status }) => status))).toEqual(new Set(['cancelled']));
});
