import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { openCosts } from '../../../src/entries/primitives-durable.ts';
import { runInProcess, step } from '../../../src/entries/primitives.ts';
import { startHarness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const prices = { as_of: '2026-01-01', models: { own: { input: 0.03, output: 0.06 } } };
const usage = { input_tokens: 1000, output_tokens: 500 };
const ask = step({
  name: 'ask',
  queue: 'ipa',
  input: z.string(),
  output: z.object({
    text: z.string(),
    usage: z.object({ input_tokens: z.number(), output_tokens: z.number() }),
  }),
  run: async (text) => ({ text, usage }),
});

it('plans of one’s own are charged to the books of the fleet, and kept to a budget', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: [] });
  const settings = { 'redis.url': redis.url, 'redis.key_prefix': h.config.redis.key_prefix };
  {
    await using costs = await openCosts({ prices, settings });
    const metered = costs.withCost(ask, { model: 'own', outputAllowance: 500, inputTokens: () => 1000 });
    const guarded = costs.withBudget(metered, { budget: 'own', perRequestUsd: 1, dailyUsd: 0.1 });
    expect((await runInProcess(guarded, 'hi', { metadata: { workflow: 'mine' } })).output.text).toBe('hi');
    await expect(runInProcess(guarded, 'hi')).rejects.toMatchObject({ code: 'budget_exceeded' });
    expect(() => costs.withCost(ask, { model: 'other' })).toThrow('no price is known for model "other"');
  }
  expect((await h.operations.costs({ groupBy: 'workflow' })).groups).toEqual([
    { key: 'mine', requests: 1, ...usage, usd: 0.06, usd_per_1k_tokens: 0.04 },
  ]);
});

it('without a Redis to keep them in there are no books', async () => {
  await expect(
    openCosts({ prices, settings: { 'redis.url': 'redis://127.0.0.1:1', 'redis.connect_timeout': '1' } }),
  ).rejects.toMatchObject({ code: 'redis_unavailable' });
});
