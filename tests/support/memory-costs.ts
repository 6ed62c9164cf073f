import { BudgetExceeded, checkBudget, type BudgetPolicy } from '../../src/primitives/budget/budgets.ts';
import type { Costs } from '../../src/primitives/budget/costs.ts';
import { createMetering, meteringOf, withMetering } from '../../src/primitives/budget/metering.ts';
import { toMicroUsd, toUsd } from '../../src/primitives/budget/money.ts';
import type { PriceList } from '../../src/primitives/budget/price-book.ts';
import { make } from '../../src/primitives/compose/make.ts';
import type { Primitive } from '../../src/primitives/compose/primitive.ts';
import type { StepContext } from '../../src/primitives/step-context.ts';
import type { StepHandler, StepNode } from '../../src/primitives/plan/node.ts';

type Handler = (input: unknown, ctx: StepContext) => Promise<unknown>;

export interface MemoryCosts extends Pick<Costs, 'withCost' | 'withBudget'> {
  /** Models of the calls that were made, in order. */
  readonly calls: readonly string[];
  readonly spentUsd: number;
  readonly reservedUsd: number;
  /** Charge something beforehand. */
  spend(usd: number): void;
}

/** One budget of one day in memory: reserve, call, settle, with the product's prices and its errors. */
export function memoryCosts(prices: PriceList): MemoryCosts {
  const calls: string[] = [];
  let spent = 0;
  let reserved = 0;

  function reserve({ budget, perRequestUsd, dailyUsd }: BudgetPolicy, estimate: number): void {
    const refuse = (reason: string): never => {
      throw new BudgetExceeded(budget, { reason, estimate_usd: toUsd(estimate) });
    };
    if (perRequestUsd !== undefined && estimate > toMicroUsd(perRequestUsd, '')) refuse('per_request');
    if (spent + reserved + estimate > toMicroUsd(dailyUsd, '')) refuse('daily');
    reserved += estimate;
  }

  return {
    calls,
    get spentUsd() {
      return toUsd(spent);
    },
    get reservedUsd() {
      return toUsd(reserved);
    },
    spend: (usd) => void (spent += toMicroUsd(usd, '')),
    withCost(primitive, options) {
      const { node, handler } = stepOf(primitive);
      const metering = createMetering(prices, options);
      const metered: Handler = async (input, ctx) => {
        calls.push(metering(input, ctx).model);
        return handler(input, ctx);
      };
      return make({ ...node, run: withMetering(metered as StepHandler, metering) });
    },
    withBudget(primitive, policy) {
      const { node, handler } = stepOf(primitive);
      const metering = meteringOf(node.run)!;
      checkBudget(policy);
      const guarded: Handler = async (input, ctx) => {
        const call = metering(input, ctx);
        reserve(policy, call.estimateMicroUsd);
        try {
          const output = await handler(input, ctx);
          spent += call.microUsd(call.usageOf(output));
          return output;
        } finally {
          reserved -= call.estimateMicroUsd;
        }
      };
      return make({ ...node, run: withMetering(guarded as StepHandler, metering) });
    },
  };
}

function stepOf({ plan }: Primitive<never, unknown>): { node: StepNode; handler: Handler } {
  if (plan.kind === 'step' && plan.run !== undefined) return { node: plan, handler: plan.run as Handler };
  throw new TypeError(`a ${plan.kind} costs nothing`);
}
