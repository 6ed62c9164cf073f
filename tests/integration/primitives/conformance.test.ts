import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPlan } from '../../support/durable-runner.ts';
import { startHarness } from '../../support/harness.ts';
import { catalogOf, disagreements, NO_TIME, randomCases } from '../../support/random-plans.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

const PLANS = 500;
const AT_ONCE = 100;

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

it.each([
  { mode: 'segmented', callEvery: 0, what: 'segmented' },
  { mode: 'stepwise', callEvery: 0, what: 'stepwise' },
  { mode: 'segmented', callEvery: 3, what: 'with calls of other plans' },
] as const)(
  `[R1.2] [P13.1] ${PLANS} random plans give on the fleet, $what, what they give in process`,
  async ({ mode, callEvery }) => {
    const all = randomCases({ seed: 20_261_121, count: PLANS, clock: NO_TIME, mode, callEvery });
    await using h = await startHarness({
      redisUrl: redis.url,
      catalog: catalogOf(all),
      settings: {
        // Steps fail by the script here, which says nothing about anything they depend on.
        'workflow.error_handling.circuit_breaker.enabled': 'false',
        // Nobody dies here, and a machine that is busy with other things is no reason to take a job away.
        'queues.lock_duration': '30',
        'queues.stalled_interval': '15',
        ...Object.fromEntries(
          ['input_processor', 'world_builder', 'narrative_generator'].map((agent) => [
            `agents.${agent}.concurrency`,
            '20',
          ]),
        ),
      },
    });
    const complaints: string[] = [];
    for (let start = 0; start < PLANS; start += AT_ONCE) {
      await Promise.all(
        all.slice(start, start + AT_ONCE).map(async (one) => {
          const runId = await startPlan(h, one.definition.name, one.input);
          const found = await disagreements(h, one, runId);
          if (found.length > 0) complaints.push(`${one.definition.name}: ${found.join('; ')}`);
        }),
      );
    }
    expect(complaints).toEqual([]);
    expect(await h.core.queues.get('flow')!.getJobCountByTypes('waiting-children')).toBe(0);
    expect(await h.core.store.redis.zcard(h.core.store.keys.deadlines())).toBe(0);
  },
  180_000,
);
