import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ModelPrices, readModelPrices } from '../../../config/model-prices.ts';
import { checkBudget } from '../../../src/primitives/budget/budgets.ts';
import { createMetering, type CostOptions } from '../../../src/primitives/budget/metering.ts';
import { costOf, toMicroUsd, toUsd } from '../../../src/primitives/budget/money.ts';
import { priceOf } from '../../../src/primitives/budget/price-book.ts';
import type { StepContext } from '../../../src/primitives/step-context.ts';

const prices = readModelPrices();

describe('prices', () => {
  test.each([
    ['gpt-4', 0.03, 0.06],
    ['gpt-4-turbo', 0.01, 0.03],
    ['gpt-4-mini', 0.00015, 0.0006],
    ['gpt-3.5-turbo', 0.0005, 0.0015],
    ['claude-3-opus', 0.015, 0.075],
    ['claude-3-sonnet', 0.003, 0.015],
    ['gemini-pro', 0.00025, 0.0005],
    ['llama-3-70b', 0, 0],
  ])('%s costs %d and %d per 1000 tokens', (model, input, output) => {
    expect(priceOf(prices, model)).toEqual({ input, output });
  });

  test.each(['gpt-5000', 'constructor', '__proto__', ''])(
    'the model %j has none, and is not free',
    (model) => {
      expect(() => priceOf(prices, model)).toThrow(expect.objectContaining({ code: 'definition_error' }));
    },
  );

  test('are dated, and a file without a date or with a wrong price is refused', () => {
    expect(prices.as_of).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(ModelPrices.safeParse({ models: {} }).success).toBe(false);
    const wrong = { as_of: '2024-08-01', models: { m: { input: -1, output: 0 } } };
    expect(ModelPrices.safeParse(wrong).success).toBe(false);
    const here = process.cwd();
    try {
      process.chdir('/');
      expect(readModelPrices()).toEqual(prices);
    } finally {
      process.chdir(here);
    }
    expect(() => readModelPrices('no-such-file.yaml')).toThrow(
      expect.objectContaining({ code: 'config_invalid' }),
    );
  });
});

describe('money', () => {
  test('is exact where floats are not', () => {
    expect(toMicroUsd(0.1, 'a') + toMicroUsd(0.2, 'b')).toBe(300_000);
    expect(toUsd(300_000)).toBe(0.3);
    expect(costOf({ input: 0.03, output: 0.06 }, { inputTokens: 1000, outputTokens: 500 })).toBe(60_000);
    expect(costOf({ input: 0.00015, output: 0.0006 }, { inputTokens: 1, outputTokens: 0 })).toBe(1);
  });

  test('of a call is its exact cost rounded up, never down', () => {
    const nano = fc.integer({ min: 0, max: 100_000_000 });
    const tokens = fc.integer({ min: 0, max: 2_000_000 });
    fc.assert(
      fc.property(nano, nano, tokens, tokens, (input, output, inputTokens, outputTokens) => {
        const price = { input: input / 1e9, output: output / 1e9 };
        const exact = BigInt(input) * BigInt(inputTokens) + BigInt(output) * BigInt(outputTokens);
        const micro = Number((exact + 999_999n) / 1_000_000n);
        expect(costOf(price, { inputTokens, outputTokens })).toBe(micro);
      }),
    );
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('%d is no amount', (usd) => {
    expect(() => toMicroUsd(usd, 'dailyUsd')).toThrow(/dailyUsd .* is no amount/);
  });
});

test.each([
  { budget: 'a:b', dailyUsd: 1 },
  { budget: '', dailyUsd: 1 },
  { budget: 'a', dailyUsd: -1 },
  { budget: 'a', dailyUsd: 1, alertRatio: 0 },
  { budget: 'a', dailyUsd: 1, alertRatio: 1.1 },
  { budget: 'a', dailyUsd: 1, perRequestUsd: Number.NaN },
])('the budget %j is refused', (policy) => {
  expect(() => checkBudget(policy)).toThrow(expect.objectContaining({ code: 'definition_error' }));
});

describe('metering', () => {
  const ctx = { metadata: { player_id: 'ann', workflow: 'rag@1' } } as unknown as StepContext;
  const Input = z.object({ prompt: z.string() });
  const metered = (options: Partial<CostOptions<z.output<typeof Input>, unknown>> = {}) =>
    createMetering(prices, { model: 'gpt-4', ...options })({ prompt: 'hello' }, ctx);

  test('estimates by the length of the input and the allowance', () => {
    const call = metered({ outputAllowance: 100 });
    expect(call.estimate).toEqual({
      inputTokens: Math.ceil('{"prompt":"hello"}'.length / 4),
      outputTokens: 100,
    });
    expect(call.estimateMicroUsd).toBe(5 * 30 + 100 * 60);
    expect(metered({ inputTokens: () => 7 }).estimate.inputTokens).toBe(7);
  });

  test('knows whose call it is', () => {
    expect(metered()).toMatchObject({ model: 'gpt-4', user: 'ann', workflow: 'rag@1' });
    expect(metered({ user: () => undefined, workflow: () => 'other' })).toMatchObject({
      user: undefined,
      workflow: 'other',
    });
  });

  test('takes the usage an output reports, and the estimate for one that reports none or nonsense', () => {
    const call = metered();
    expect(call.usageOf({ usage: { input_tokens: 3, output_tokens: 4 } })).toEqual({
      inputTokens: 3,
      outputTokens: 4,
    });
    for (const output of [
      null,
      'text',
      {},
      { usage: { input_tokens: -1, output_tokens: 4 } },
      { usage: null },
    ]) {
      expect(call.usageOf(output)).toEqual(call.estimate);
    }
    expect(metered({ usage: () => ({ inputTokens: 1, outputTokens: 2 }) }).usageOf({})).toEqual({
      inputTokens: 1,
      outputTokens: 2,
    });
  });

  test('takes the usage a failure reports, and none otherwise', () => {
    const usage = { input_tokens: 3, output_tokens: 0 };
    expect(metered().usageOfError(Object.assign(new Error('x'), { usage }))?.inputTokens).toBe(3);
    expect(metered().usageOfError(Object.assign(new Error('x'), { details: { usage } }))?.inputTokens).toBe(
      3,
    );
    expect(metered().usageOfError(new Error('x'))).toBeUndefined();
  });

  test('of a model without a price is refused: when it is defined, or when it is chosen', () => {
    expect(() => createMetering(prices, { model: 'nobody' })).toThrow(/no price is known for model "nobody"/);
    expect(() => metered({ model: () => 'nobody' })).toThrow(/no price is known/);
  });
});
