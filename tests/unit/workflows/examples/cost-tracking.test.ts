import { describe, expect, it } from 'vitest';
import { readModelPrices } from '../../../../config/model-prices.ts';
import { costTrackingWorkflow, EXAMPLE_BUDGET } from '../../../../src/workflows/examples/cost-tracking.ts';
import { runExample, testPorts } from '../../../support/example-ports.ts';

describe('cost_tracking', () => {
  it('says what the call cost, and that is what was charged', async () => {
    const ports = testPorts();
    const run = await runExample(costTrackingWorkflow(ports), { topic: 'a lantern' });
    const { usage, cost_usd: usd } = run.output as {
      usage: { input_tokens: number; output_tokens: number };
      cost_usd: number;
    };
    expect(usd).toBeCloseTo((usage.input_tokens * 0.03 + usage.output_tokens * 0.06) / 1000, 10);
    expect(ports.costs.spentUsd).toBe(usd);
    expect(ports.costs.reservedUsd).toBe(0);
    expect(run).toMatchObject({ isDegraded: false, output: { model: 'scripted-large' } });
  });

  it('a request that does not fit is refused before the call, and the cheaper model answers', async () => {
    const ports = testPorts();
    const run = await runExample(costTrackingWorkflow(ports), { topic: 'a lantern '.repeat(500) });
    expect(run).toMatchObject({ isDegraded: true, output: { model: 'scripted-small' } });
    expect(ports.costs.calls).toEqual(['scripted-small']);
    // A refusal is not tried again.
    expect(run.attempts).toMatchObject({ story: 1, 'story~f1': 1 });
  });

  it('what is left of the day decides too', async () => {
    const ports = testPorts();
    ports.costs.spend(0.999);
    const run = await runExample(costTrackingWorkflow(ports), { topic: 'rain' });
    expect(run.output).toMatchObject({ model: 'scripted-small' });
    ports.costs.spend(0.001);
    const over = await runExample(costTrackingWorkflow(ports), { topic: 'rain' });
    expect(over).toMatchObject({ status: 'failed', errorCode: 'fallback_exhausted' });
    expect(JSON.stringify(over.error?.details)).toContain('budget_exceeded');
  });

  it('a failed call gives back what it reserved, and each attempt reserves for itself', async () => {
    const ports = testPorts((_request, call) => {
      expect(ports.costs.reservedUsd).toBeGreaterThan(0);
      if (call === 1) throw new Error('busy');
      return undefined;
    });
    const run = await runExample(costTrackingWorkflow(ports), { topic: 'rain' });
    expect(run).toMatchObject({ status: 'completed', attempts: { story: 2 } });
    expect(ports.costs).toMatchObject({ reservedUsd: 0, calls: ['scripted-large', 'scripted-large'] });
  });

  it('a model without a price is refused when the plan is made, never free', () => {
    const ports = testPorts(undefined, { prices: readModelPrices() });
    expect(() => costTrackingWorkflow(ports)).toThrow(
      expect.objectContaining({
        code: 'definition_error',
        message: expect.stringContaining('scripted-large'),
      }),
    );
  });

  it('a budget that makes no sense is refused when the plan is made', () => {
    expect(() => costTrackingWorkflow(testPorts(), { ...EXAMPLE_BUDGET, dailyUsd: -1 })).toThrow(
      expect.objectContaining({ code: 'definition_error' }),
    );
  });

  it.for([[''], [' \n'], ['x'.repeat(20_001)], [{}]])('%j is no topic', ([topic]) => {
    expect(() => runExample(costTrackingWorkflow(testPorts()), { topic })).toThrow();
  });
});
