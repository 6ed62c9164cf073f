import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createCosts } from '../../../src/primitives/budget/costs.ts';
import { make } from '../../../src/primitives/compose/make.ts';
import { parallel, pipe, step } from '../../../src/primitives/compose/combine.ts';
import type { Primitive } from '../../../src/primitives/compose/primitive.ts';
import { router } from '../../../src/primitives/router/router.ts';
import { closeRedis, connectRedis, type RedisClient } from '../../../src/redis/connect.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { observeCosts } from '../../../src/runtime/cost-metrics.ts';
import { planCatalog, runPlan } from '../../support/durable-runner.ts';
import { startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
let client: RedisClient;
beforeAll(async () => {
  redis = await acquireRedis();
  client = await connectRedis({ url: redis.url, name: 'costs', onOutage: 'fail_fast' });
});
afterAll(async () => {
  await closeRedis(client);
  await redis[Symbol.asyncDispose]();
});

const PRICES = {
  as_of: '2026-08-01',
  models: { large: { input: 0.03, output: 0.06 }, small: { input: 0.001, output: 0.002 } },
};
const Text = z.string();
const Said = z.object({
  text: z.string(),
  usage: z.object({ input_tokens: z.int(), output_tokens: z.int() }),
});

/** A model call that uses 1000 and 500 tokens; its first attempts may fail. */
function ask(name: string, failures = 0): Primitive<string, z.output<typeof Said>> {
  return step({
    name,
    queue: 'nga',
    input: Text,
    output: Said,
    run: async (text, { attempt }) => {
      if (attempt <= failures) throw new Error('not yet');
      return { text, usage: { input_tokens: 1000, output_tokens: 500 } };
    },
  });
}

const echo = step({ name: 'echo', queue: 'ipa', input: Text, output: Text, run: async (text) => text });

/** The lines of a scrape that begin so. */
async function scraped(h: Harness, ...names: string[]): Promise<string[]> {
  const { body } = await h.core.metrics.render();
  return body
    .split('\n')
    .filter((line) => names.some((name) => line.startsWith(`agent_orchestration_${name}{`)))
    .map((line) => line.slice('agent_orchestration_'.length))
    .toSorted();
}

describe('metrics of costs and choices on the fleet', () => {
  it('a choice is counted once however often its run is looked at, its saving on the tokens used [P5.6]', async () => {
    const route = router('model', {
      strategy: 'cheapest',
      routes: {
        large: { primitive: ask('tell'), costPer1kTokens: PRICES.models.large },
        small: { primitive: ask('tell_small'), costPer1kTokens: PRICES.models.small },
      },
    });
    // Steps beside it let their workers walk the whole plan while the choice is not recorded.
    const plan = pipe(echo, parallel({ told: pipe(echo.named('before'), route), other: echo, third: echo }));
    await using h = await startHarness({ redisUrl: redis.url, catalog: planCatalog({ p: plan }) });
    expect(await runPlan(h, 'p', 'hello')).toMatchObject({ status: 'completed' });
    // 1000 × 0.03 + 500 × 0.06 - (1000 × 0.001 + 500 × 0.002), per 1000 tokens
    expect(await scraped(h, 'router_decisions_total', 'router_savings_usd_total')).toEqual([
      'router_decisions_total{router="model",route="small",reason="cheapest"} 1',
      'router_savings_usd_total{router="model",route="small"} 0.058',
    ]);
  });

  it('the fastest route is known from the calls this process made', async () => {
    const chosen: string[] = [];
    const slow = step({
      name: 'slow',
      queue: 'ipa',
      input: Text,
      output: Text,
      run: async (text, ctx) => {
        const until = ctx.now() + 20;
        while (ctx.now() < until) ctx.signal.throwIfAborted();
        return text;
      },
    });
    const plan = router('speed', {
      strategy: 'fastest',
      routes: { slow: { primitive: slow }, quick: { primitive: echo } },
      observe: ({ route }) => chosen.push(route),
    });
    await using h = await startHarness({ redisUrl: redis.url, catalog: planCatalog({ p: plan }) });
    for (let round = 0; round < 3; round++) await runPlan(h, 'p', 'hello');
    // Each that was never called goes first once.
    expect(chosen).toEqual(['slow', 'quick', 'quick']);
  });

  it('tokens, costs, refusals, alerts and overruns are counted once per call [P9.3]', async () => {
    let h: Harness | undefined;
    const store = { redis: client, keys: createKeys(testPrefix()) };
    const costs = createCosts({
      store,
      prices: PRICES,
      observe: (event) => observeCosts(h!.core.log, h!.core.metrics)(event),
    });
    const metered = (name: string, failures = 0): Primitive<string, z.output<typeof Said>> =>
      costs.withCost(ask(name, failures), { model: 'large', inputTokens: () => 100, outputAllowance: 10 });
    const budget = { budget: 'day', perRequestUsd: 0.05, dailyUsd: 0.07 };
    const retried = metered('tell', 1).retry({ maxAttempts: 2, baseDelayMs: 1, maxDelayMs: 1 });
    await using harness = await startHarness({
      redisUrl: redis.url,
      catalog: planCatalog({
        told: make(costs.withBudget(retried, budget).plan),
        again: costs.withBudget(metered('again'), { ...budget, dailyUsd: 0.06 }),
      }),
    });
    h = harness;
    expect(await runPlan(h, 'told', 'hello')).toMatchObject({ status: 'completed' });
    expect(await runPlan(h, 'again', 'hello')).toMatchObject({ error: { code: 'budget_exceeded' } });
    expect(
      await scraped(
        h,
        'llm_tokens_total',
        'llm_cost_usd_total',
        'budget_rejections_total',
        'budget_alerts_total',
        'budget_overruns_total',
      ),
    ).toEqual([
      'budget_alerts_total{budget="day"} 1',
      'budget_overruns_total{budget="day"} 1',
      'budget_rejections_total{budget="day",reason="daily"} 1',
      'llm_cost_usd_total{model="large"} 0.06',
      'llm_tokens_total{agent="nga",model="large",direction="input"} 1000',
      'llm_tokens_total{agent="nga",model="large",direction="output"} 500',
    ]);
  });

  it('looks at a cache are counted by tier and result, and its entries at each scrape [P6]', async () => {
    const cached = ask('tell').cached({ scope: 'global', tier: 'both' });
    await using h = await startHarness({ redisUrl: redis.url, catalog: planCatalog({ p: cached }) });
    for (let round = 0; round < 2; round++) await runPlan(h, 'p', 'hello');
    expect(await scraped(h, 'cache_requests_total', 'cache_entries')).toEqual([
      'cache_entries{cache="p.tell"} 1',
      'cache_requests_total{cache="p.tell",tier="memory",result="hit"} 1',
      'cache_requests_total{cache="p.tell",tier="memory",result="miss"} 1',
      'cache_requests_total{cache="p.tell",tier="redis",result="miss"} 1',
    ]);
  });
});
