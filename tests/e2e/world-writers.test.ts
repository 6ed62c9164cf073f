import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../src/contracts/caller.ts';
import { startHarness } from '../support/harness.ts';
import { fleetProcesses } from '../support/processes.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const WRITERS = 20;

test('[R2.5] twenty writers over two worker processes add up: +0.01 each is +0.20, and twenty versions', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: ['maintenance'] });
  await using processes = fleetProcesses(h);
  await Promise.all([1, 2].map(() => processes.start('worker', 'wba', 'flow')));
  // Turns of one session wait for each other; sessions that share a world do not.
  const sessions = await Promise.all(Array.from({ length: WRITERS }, () => h.newSession('w_crowd')));
  const operations = [{ op: 'adjust_disposition', npc: 'wise_elder', delta: 0.01 }];
  const runs = await Promise.all(
    sessions.map(async (session_id) => {
      const request = { input: { text: 'a kind word', operations }, session_id };
      const started = await h.operations.startRun('world_building', request, LOCAL_OPERATOR);
      return h.ended(started.done ? started.response.workflow_metadata.run_id! : started.accepted.run_id);
    }),
  );
  expect(runs.map(({ status }) => status)).toEqual(Array.from({ length: WRITERS }, () => 'completed'));
  const world = (await h.worldOf(sessions[0]!))!;
  expect(world.npcs['wise_elder']!.disposition).toBe(0.2);
  expect(world.version).toBe(WRITERS);
  const { redis: client, keys } = h.core.store;
  expect(await client.xlen(keys.worldHistory('w_crowd'))).toBe(WRITERS);
});
