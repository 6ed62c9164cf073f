import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readModelPrices } from '../../../config/model-prices.ts';
import { deferred } from '../../../src/kernel/deferred.ts';
import { Budgets, type BudgetPolicy } from '../../../src/primitives/budget/budgets.ts';
import { createCosts, type CostEvent } from '../../../src/primitives/budget/costs.ts';
import { step } from '../../../src/primitives/compose/combine.ts';
import { runInProcess } from '../../../src/primitives/in-process/run.ts';
import { closeRedis, connectRedis, type RedisClient } from '../../../src/redis/connect.ts';
import { startEmbeddedRedis } from '../../../src/redis/embedded/start.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import type { RedisStore } from '../../../src/redis/store.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let redis: RedisClient;
beforeAll(async () => {
  server = await acquireRedis();
  redis = await connectRedis({ url: server.url, name: 'budget-test', onOutage: 'fail_fast' });
});
afterAll(async () => {
  await closeRedis(redis);
  await server.dispose();
});

const NOON = Date.UTC(2026, 7, 15, 12);
const DAY = '2026-08-15';
const TEN: BudgetPolicy = { budget: 'models', dailyUsd: 10 };
const USD = 1_000_000;

function setup(store: RedisStore = { redis, keys: createKeys(testPrefix()) }) {
  const events: CostEvent[] = [];
  const time = { now: NOON };
  const clock = { now: () => time.now };
  const observe = (event: CostEvent): void => void events.push(event);
  const instance = () => new Budgets({ store, clock, observe });
  const amounts = async (day = DAY) => {
    const [spent, reserved] = await store.redis.hmget(store.keys.budget('models', day), 'spent', 'reserved');
    return { spent: Number(spent), reserved: Number(reserved) };
  };
  const costs = createCosts({ store, prices: readModelPrices(), clock, observe });
  return { store, events, time, instance, amounts, costs };
}

describe('a budget', () => {
  test('[P13.13] of 10.00 admits exactly 33 of 50 parallel calls of 0.30, whichever instance they come from', async () => {
    const { instance, amounts, events } = setup();
    const instances = [instance(), instance()];
    const calls = await Promise.allSettled(
      Array.from({ length: 50 }, async (_, index) => instances[index % 2]!.reserve(TEN, 0.3 * USD)),
    );
    const admitted = calls.flatMap((call) => (call.status === 'fulfilled' ? [call.value] : []));
    const refused = calls.flatMap((call) => (call.status === 'rejected' ? [call.reason as unknown] : []));
    expect(admitted).toHaveLength(33);
    expect(refused).toHaveLength(17);
    for (const error of refused) {
      expect(error).toMatchObject({
        code: 'budget_exceeded',
        retryable: false,
        details: { reason: 'daily', limit_usd: 10, spent_usd: 0, reserved_usd: 9.9, estimate_usd: 0.3 },
      });
    }
    expect(events.filter(({ type }) => type === 'rejected')).toHaveLength(17);
    await Promise.all(admitted.map((reservation) => reservation.settle(0.3 * USD)));
    expect(await amounts()).toEqual({ spent: 9.9 * USD, reserved: 0 });
  });

  test('can never be overspent, whatever is reserved, settled below its estimate and released at once', async () => {
    const { instance, amounts } = setup();
    const budgets = instance();
    let settled = 0;
    const results = await Promise.allSettled(
      Array.from({ length: 300 }, async (_, index) => {
        const estimate = ((index * 7919) % 400_000) + 1;
        const reservation = await budgets.reserve(TEN, estimate);
        const { spent, reserved } = await amounts();
        expect(spent + reserved).toBeLessThanOrEqual(10 * USD);
        if (index % 3 === 0) return reservation.release();
        const actual = Math.floor(estimate / ((index % 4) + 1));
        settled += actual;
        return reservation.settle(actual);
      }),
    );
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'budget_exceeded' });
    }
    expect(settled).toBeGreaterThan(0);
    expect(await amounts()).toEqual({ spent: settled, reserved: 0 });
  });

  test('refuses a call above the limit per request before anything is reserved', async () => {
    const { instance, amounts } = setup();
    await expect(instance().reserve({ ...TEN, perRequestUsd: 0.2 }, 0.3 * USD)).rejects.toMatchObject({
      code: 'budget_exceeded',
      details: { budget: 'models', reason: 'per_request', limit_usd: 0.2, estimate_usd: 0.3 },
    });
    expect(await amounts()).toEqual({ spent: 0, reserved: 0 });
  });

  test('keeps a result that cost more than its estimate, charges it, and says so', async () => {
    const { instance, amounts, events } = setup();
    const reservation = await instance().reserve({ ...TEN, perRequestUsd: 0.2 }, 0.1 * USD);
    await reservation.settle(0.25 * USD);
    expect(await amounts()).toEqual({ spent: 0.25 * USD, reserved: 0 });
    expect(events).toEqual([{ type: 'over_request_limit', budget: 'models', actualUsd: 0.25 }]);
  });

  test('charges a settlement that is sent twice once', async () => {
    const { instance, amounts } = setup();
    const reservation = await instance().reserve(TEN, USD);
    await Promise.all([reservation.settle(0.5 * USD), reservation.settle(0.5 * USD)]);
    await reservation.release();
    expect(await amounts()).toEqual({ spent: 0.5 * USD, reserved: 0 });
  });

  test('takes the reservation of a dead process back after ten minutes, and charges one that was only slow', async () => {
    const { instance, amounts, time } = setup();
    const dead = await instance().reserve(TEN, 9 * USD);
    time.now += 599_999;
    await expect(instance().reserve(TEN, 2 * USD)).rejects.toMatchObject({ code: 'budget_exceeded' });
    time.now += 1;
    await instance().reserve(TEN, 2 * USD);
    expect(await amounts()).toEqual({ spent: 0, reserved: 2 * USD });
    await dead.settle(3 * USD);
    expect(await amounts()).toEqual({ spent: 3 * USD, reserved: 2 * USD });
  });

  test('starts anew with the UTC day; a call over midnight belongs to the day it was reserved on', async () => {
    const { instance, amounts, time, store } = setup();
    time.now = Date.UTC(2026, 7, 15, 23, 59, 59, 999);
    const budgets = instance();
    const late = await budgets.reserve(TEN, 10 * USD);
    time.now += 1;
    await budgets.reserve(TEN, 4 * USD);
    await late.settle(8 * USD);
    expect(await amounts(DAY)).toEqual({ spent: 8 * USD, reserved: 0 });
    expect(await amounts('2026-08-16')).toEqual({ spent: 0, reserved: 4 * USD });
    expect(budgets.remainingUsd(TEN)).toBe(6);
    const ttl = await redis.ttl(store.keys.budget('models', DAY));
    expect(ttl).toBeGreaterThan(44 * 86_400);
    expect(ttl).toBeLessThanOrEqual(45 * 86_400);
  });

  test('says once a day, across instances, that most of it is spent', async () => {
    const { instance, events } = setup();
    for (const budgets of [instance(), instance(), instance()]) {
      await (await budgets.reserve(TEN, 3 * USD)).settle(3 * USD);
    }
    await (await instance().reserve(TEN, USD)).settle(0.5 * USD);
    expect(events).toEqual([{ type: 'alert', budget: 'models', spentUsd: 9, dailyUsd: 10 }]);
  });

  test('knows what is left without asking', async () => {
    const { instance, time } = setup();
    const budgets = instance();
    expect(budgets.remainingUsd(TEN)).toBeUndefined();
    await budgets.reserve(TEN, 4 * USD);
    expect(budgets.remainingUsd(TEN)).toBe(6);
    time.now += 86_400_000;
    expect(budgets.remainingUsd(TEN)).toBeUndefined();
  });
});

const Ask = z.object({ fail: z.enum(['no', 'free', 'charged']).default('no') });
const Answer = z.object({
  text: z.string(),
  usage: z.object({ input_tokens: z.number(), output_tokens: z.number() }),
});

/** A model that uses 1000 tokens in and 500 out: 0.06 USD with gpt-4. */
function modelStep(failures: ('free' | 'charged')[] = []) {
  const calls: number[] = [];
  const primitive = step({
    name: 'generate',
    queue: 'writers',
    input: Ask,
    output: Answer,
    run: async (_, ctx) => {
      calls.push(ctx.attempt);
      const usage = { input_tokens: 1000, output_tokens: 500 };
      const failure = failures.shift();
      if (failure === 'free') throw new Error('refused');
      if (failure === 'charged') throw Object.assign(new Error('cut off'), { usage });
      return { text: 'once upon a time', usage };
    },
  });
  return { primitive, calls };
}

describe('a step with a cost', () => {
  const who = { metadata: { player_id: 'ann', workflow: 'story@1' } };

  test('is written down by model, user, workflow and day', async () => {
    const { costs, time, events } = setup();
    const gpt4 = costs.withCost(modelStep().primitive, { model: 'gpt-4' });
    const mini = costs.withCost(modelStep().primitive, { model: 'gpt-4-mini' });
    await runInProcess(gpt4, {}, who);
    await runInProcess(mini, {}, who);
    time.now += 86_400_000;
    await runInProcess(gpt4, {}, { metadata: { player_id: 'bob: the "2nd"' } });

    const byModel = await costs.ledger.report({ from: DAY, to: '2026-08-16', groupBy: 'model' });
    const one = { requests: 1, input_tokens: 1000, output_tokens: 500 };
    expect(byModel.groups).toEqual([
      {
        key: 'gpt-4',
        requests: 2,
        input_tokens: 2000,
        output_tokens: 1000,
        usd: 0.12,
        usd_per_1k_tokens: 0.04,
      },
      { key: 'gpt-4-mini', ...one, usd: 0.00045, usd_per_1k_tokens: 0.0003 },
    ]);
    expect(byModel.total).toMatchObject({ requests: 3, usd: 0.12045 });
    const keysOf = async (groupBy: 'user' | 'workflow' | 'day') => {
      const { groups } = await costs.ledger.report({ from: DAY, to: '2026-08-16', groupBy });
      return groups.map(({ key, usd }) => [key, usd]);
    };
    expect(await keysOf('user')).toEqual([
      ['ann', 0.06045],
      ['bob: the "2nd"', 0.06],
    ]);
    expect(await keysOf('workflow')).toEqual([
      ['story@1', 0.06045],
      [null, 0.06],
    ]);
    expect(await keysOf('day')).toEqual([
      [DAY, 0.06045],
      ['2026-08-16', 0.06],
    ]);
    expect(await costs.ledger.report({ from: DAY, to: DAY })).toMatchObject({ total: { requests: 2 } });
    expect(events[0]).toMatchObject({ type: 'cost', queue: 'writers', model: 'gpt-4', usd: 0.06 });
  });

  test('without any cost is an empty report; a wrong range is refused', async () => {
    const { costs } = setup();
    expect(await costs.ledger.report()).toMatchObject({
      from: '2026-07-17',
      to: DAY,
      total: { requests: 0, usd: 0, usd_per_1k_tokens: null },
      groups: [],
    });
    const wrong = [
      [{ from: DAY, to: '2026-08-14' }, '/to', 'is before'],
      [{ to: 'today' }, '/to', 'is no day'],
      [{ from: '2026-02-30' }, '/from', 'is no day'],
      [{ from: '2026-07-01' }, '/from', 'kept 45 days: the earliest day is 2026-07-02'],
      [{ to: '2026-08-16' }, '/to', 'the latest day is 2026-08-15'],
    ] as const;
    for (const [range, path, words] of wrong) {
      const problem = { path, message: expect.stringContaining(words) as string };
      await expect(costs.ledger.report(range)).rejects.toMatchObject({
        code: 'cost_range_invalid',
        httpStatus: 422,
        problems: [problem],
      });
    }
  });

  test('reserves for every attempt: a failure gives back what it did not use, and pays for what it did', async () => {
    const { costs, amounts } = setup();
    const { primitive, calls } = modelStep(['free', 'charged']);
    const guarded = costs
      .withBudget(costs.withCost(primitive, { model: 'gpt-4' }), TEN)
      .retry({ maxAttempts: 3, baseDelayMs: 0 });
    await runInProcess(guarded, {}, who);
    expect(calls).toEqual([1, 2, 3]);
    expect(await amounts()).toEqual({ spent: 0.12 * USD, reserved: 0 });
    expect((await costs.ledger.report({ from: DAY, to: DAY })).total).toMatchObject({
      requests: 2,
      usd: 0.12,
    });
  });

  test('that its budget refuses is not called, and the run fails with the reason', async () => {
    const { costs, amounts } = setup();
    const { primitive, calls } = modelStep();
    const metered = costs.withCost(primitive, { model: 'gpt-4', outputAllowance: 1000 });
    const guarded = costs.withBudget(metered, { ...TEN, dailyUsd: 0.05 }).retry({ baseDelayMs: 0 });
    await expect(runInProcess(guarded, {}, who)).rejects.toMatchObject({
      code: 'budget_exceeded',
      retryable: false,
      details: { reason: 'daily', limit_usd: 0.05 },
    });
    expect(calls).toEqual([]);
    expect(await amounts()).toEqual({ spent: 0, reserved: 0 });
  });

  test('may stand under two budgets; the outer one gets back what the inner one refused', async () => {
    const { costs, store, amounts } = setup();
    const metered = costs.withCost(modelStep().primitive, { model: 'gpt-4' });
    const inner = costs.withBudget(metered, { budget: 'tiny', dailyUsd: 0.0001 });
    const outer = costs.withBudget(inner, TEN);
    await expect(runInProcess(outer, {}, who)).rejects.toMatchObject({ details: { budget: 'tiny' } });
    expect(await amounts()).toEqual({ spent: 0, reserved: 0 });
    expect(await redis.exists(store.keys.budget('tiny', DAY))).toBe(0);
  });

  test('holds its estimate while the call is under way', async () => {
    const { costs, amounts } = setup();
    const [begun, finish] = [deferred(), deferred()];
    const slow = step({
      name: 'slow',
      queue: 'writers',
      input: Ask,
      output: Answer,
      run: async () => {
        begun.resolve();
        await finish.promise;
        return { text: '', usage: { input_tokens: 0, output_tokens: 0 } };
      },
    });
    const cost = { model: 'gpt-4', inputTokens: () => 0, outputAllowance: 1000 };
    const run = runInProcess(costs.withBudget(costs.withCost(slow, cost), TEN), {});
    await begun.promise;
    expect(await amounts()).toEqual({ spent: 0, reserved: 0.06 * USD });
    finish.resolve();
    await run;
    expect(await amounts()).toEqual({ spent: 0, reserved: 0 });
  });

  test('is refused as a definition without a price, without a cost, or around anything but a step', () => {
    const { costs } = setup();
    const { primitive } = modelStep();
    const definitionError = expect.objectContaining({ code: 'definition_error' });
    expect(() => costs.withCost(primitive, { model: 'nobody' })).toThrow(definitionError);
    expect(() => costs.withBudget(primitive, TEN)).toThrow(definitionError);
    const piped = primitive.pipe(
      step({ name: 'b', queue: 'q', input: Answer, output: Answer, run: async (a) => a }),
    );
    expect(() => costs.withCost(piped, { model: 'gpt-4' })).toThrow(definitionError);
  });
});

test('while Redis is away calls are refused, or allowed where the policy says so; no result is lost to it', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'ao-budget-outage-'));
  const own = await startEmbeddedRedis({ dataDir, persistent: true });
  const client = await connectRedis({ url: own.url, name: 'budget-outage', onOutage: 'fail_fast' });
  const { costs, events, amounts } = setup({ redis: client, keys: createKeys(testPrefix()) });
  const { primitive, calls } = modelStep();
  const metered = costs.withCost(primitive, { model: 'gpt-4' });
  const strict = costs.withBudget(metered, TEN);
  const lenient = costs.withBudget(metered, { ...TEN, onStoreError: 'allow' });
  try {
    const underWay = await costs.budgets.reserve(TEN, USD);
    await own.kill();
    await expect(runInProcess(strict, {})).rejects.toMatchObject({
      code: 'backend_unavailable',
      retryable: true,
    });
    expect(calls).toEqual([]);
    expect((await runInProcess(lenient, {})).output.text).toBe('once upon a time');
    await underWay.settle(USD);
    expect(events.map(({ type }) => type)).toEqual([
      'rejected',
      'cost',
      'unrecorded',
      'unsettled',
      'unsettled',
    ]);
    await own.restart();
    await expect.poll(() => client.status, { timeout: 20_000 }).toBe('ready');
    await runInProcess(strict, {});
    expect((await amounts()).spent).toBe(0.06 * USD);
  } finally {
    await closeRedis(client);
    await own.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
