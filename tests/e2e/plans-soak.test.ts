import { afterAll, beforeAll, expect, test } from 'vitest';
import { acquireRedis, type TestRedis } from '../../src/testing/own-redis.ts';
import { soak } from '../soak/soak.ts';

const RUNS = 300;
const KILLS = 12;

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

// The small form of `npm run soak`.
test(`[R1.2] ${RUNS} random plans give what they give in process, each effect once, although ${KILLS} processes are killed`, async () => {
  const report = await soak({
    redisUrl: redis.url,
    seed: 20_261_122,
    plans: RUNS,
    runs: RUNS,
    kills: KILLS,
    killEveryMs: 1000,
    workers: 2,
    coordinators: 2,
    endsWithinSeconds: 90,
  });
  expect(report.violations).toEqual([]);
  expect(report).toMatchObject({ runs: RUNS, openRuns: 0, unexplained: 0, waitingChildren: 0 });
  expect(report.kills.worker + report.kills.coordinator).toBe(KILLS);
  expect(report.resultWrites).toBe(report.results);
  expect(report.effects).toBeGreaterThanOrEqual(report.results);
  // Some work was lost with a process and done again, so what is counted could have been counted twice.
  expect(report.repeatedCalls).toBeGreaterThan(0);
}, 240_000);
