import { z } from 'zod';
import type { BudgetPolicy } from '../../primitives/budget/budgets.ts';
import { costOf, toUsd } from '../../primitives/budget/money.ts';
import { priceOf } from '../../primitives/budget/price-book.ts';
import { step } from '../../primitives/compose/combine.ts';
import type { Primitive } from '../../primitives/compose/primitive.ts';
import { remembered } from '../../primitives/compose/remembered.ts';
import { workflow } from '../../primitives/compose/workflow-builder.ts';
import {
  EXAMPLE_QUEUE,
  LARGE,
  MODEL_TIMEOUT_MS,
  RUN_TIMEOUT_MS,
  SMALL,
  type CostPorts,
  type ExampleWorkflow,
} from './ports.ts';
import { storyPrompt } from './prompts.ts';
import { Usage } from './shapes.ts';

const OUTPUT_ALLOWANCE = 200;

export const EXAMPLE_BUDGET: BudgetPolicy = {
  budget: 'example_cost_tracking',
  perRequestUsd: 0.02,
  dailyUsd: 1,
  alertRatio: 0.8,
};

const Topic = z.strictObject({
  topic: z.string().max(20_000).regex(/\S/, 'expected some text'),
});
const Story = z.object({ text: z.string(), model: z.string(), usage: Usage });
const CostOutput = Story.extend({ cost_usd: z.number().min(0) }).strict();

/**
 * A model call under a budget, and a cheaper one when it fails or does not fit. Every attempt reserves for itself,
 * and is charged for what it did use.
 */
export function costTrackingWorkflow(
  ports: CostPorts,
  budget: BudgetPolicy = EXAMPLE_BUDGET,
): ExampleWorkflow {
  const plan = workflow({
    name: 'cost_tracking',
    version: 1,
    input: Topic,
    output: CostOutput,
    timeoutMs: RUN_TIMEOUT_MS,
  })
    .step('story', {
      step: tell(ports, LARGE, budget),
      input: ({ input }) => input,
      retry: { attempts: 2, delayMs: 200 },
      fallback: tell(ports, SMALL, budget).retry({ maxAttempts: 2, baseDelayMs: 200 }),
    })
    .output(({ story }) => ({ ...story, cost_usd: costUsd(ports, story) }));
  return { ...plan, needsIntent: false, needsRedis: true };
}

function tell(
  { model, pricedModel = model, costs }: CostPorts,
  name: string,
  budget: BudgetPolicy,
): Primitive<z.input<typeof Topic>, z.output<typeof Story>> {
  const call = step({
    name: name === LARGE ? 'tell' : 'tell_small',
    queue: EXAMPLE_QUEUE,
    input: Topic,
    output: Story,
    run: async ({ topic }, ctx) => {
      const reply = await pricedModel.generate(
        { model: name, prompt: storyPrompt(topic), maxOutputTokens: OUTPUT_ALLOWANCE },
        ctx,
      );
      return { text: reply.text, model: reply.model, usage: reply.usage };
    },
  }).timeout(MODEL_TIMEOUT_MS);
  const metered = costs.withCost(call, { model: name, outputAllowance: OUTPUT_ALLOWANCE });
  // Around the budget: a story that was told and charged is neither told nor charged again.
  return remembered(costs.withBudget(metered, budget));
}

function costUsd({ prices }: CostPorts, { model, usage }: z.output<typeof Story>): number {
  const counted = { inputTokens: usage.input_tokens, outputTokens: usage.output_tokens };
  return toUsd(costOf(priceOf(prices, model), counted));
}
