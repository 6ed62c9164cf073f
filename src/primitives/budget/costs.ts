import { systemClock, type Clock } from '../../kernel/clock.ts';
import { FleetError } from '../../kernel/errors.ts';
import type { RedisStore } from '../../redis/store.ts';
import type { Primitive } from '../compose/primitive.ts';
import type { StepContext } from '../step-context.ts';
import { make } from '../compose/make.ts';
import type { StepHandler, StepNode } from '../plan/node.ts';
import { Budgets, checkBudget, type BudgetEvent, type BudgetPolicy } from './budgets.ts';
import { CostLedger } from './cost-ledger.ts';
import { createMetering, meteringOf, withMetering, type CostOptions, type MeteredCall } from './metering.ts';
import { toUsd, type Usage } from './money.ts';
import type { PriceList } from './price-book.ts';

export type CostEvent =
  | BudgetEvent
  /** Feeds `llm_tokens_total` and `llm_cost_usd_total`; `queue` is the step's. */
  | {
      readonly type: 'cost';
      readonly queue: string;
      readonly model: string;
      readonly usage: Usage;
      readonly usd: number;
    }
  /** Redis was away: the cost is missing from reports. */
  | { readonly type: 'unrecorded'; readonly model: string; readonly usd: number };

export interface CostsOptions {
  readonly store: RedisStore;
  readonly prices: PriceList;
  readonly clock?: Clock;
  readonly observe?: (event: CostEvent) => void;
}

export interface Costs {
  /**
   * The same step, with what its calls cost written down; a failed call too, when it says what it used.
   * Errors: definition_error for anything but a step with a handler, and for a model without a price
   */
  withCost<I, O>(primitive: Primitive<I, O>, options: CostOptions<I, O>): Primitive<I, O>;
  /**
   * The same metered step under a budget. Every attempt reserves for itself; budgets may be put around one
   * another.
   * Errors: definition_error for a step without `withCost`, or a policy that makes no sense
   */
  withBudget<I, O>(primitive: Primitive<I, O>, policy: BudgetPolicy): Primitive<I, O>;
  readonly budgets: Budgets;
  readonly ledger: CostLedger;
}

type Handler = (input: unknown, ctx: StepContext) => Promise<unknown>;

export function createCosts(options: CostsOptions): Costs {
  const { store, prices, clock = systemClock, observe = () => undefined } = options;
  const ledger = new CostLedger(store, clock);
  const budgets = new Budgets({ store, clock, observe });

  async function record(call: MeteredCall, queue: string, usage: Usage): Promise<void> {
    const { model, user, workflow } = call;
    const microUsd = call.microUsd(usage);
    observe({ type: 'cost', queue, model, usage, usd: toUsd(microUsd) });
    try {
      await ledger.record({ model, user, workflow, usage, microUsd });
    } catch {
      observe({ type: 'unrecorded', model, usd: toUsd(microUsd) }); // the result is worth more than its account
    }
  }

  return {
    budgets,
    ledger,
    withCost(primitive, costOptions) {
      const { node, handler } = stepOf(primitive.plan, 'withCost');
      const metering = createMetering(prices, costOptions);
      const metered: Handler = async (input, ctx) => {
        const call = metering(input, ctx);
        let output: unknown;
        try {
          output = await handler(input, ctx);
        } catch (error) {
          const usage = call.usageOfError(error);
          if (usage !== undefined) await record(call, node.queue, usage);
          throw error;
        }
        await record(call, node.queue, call.usageOf(output));
        return output;
      };
      return make({ ...node, run: withMetering(metered as StepHandler, metering) });
    },
    withBudget(primitive, policy) {
      const { node, handler } = stepOf(primitive.plan, 'withBudget');
      const metering = meteringOf(node.run);
      if (metering === undefined)
        throw refused('withBudget() belongs around withCost(), which says what a call costs');
      checkBudget(policy);
      const guarded: Handler = async (input, ctx) => {
        const call = metering(input, ctx);
        const reservation = await budgets.reserve(policy, call.estimateMicroUsd);
        let output: unknown;
        try {
          ctx.signal.throwIfAborted();
          output = await handler(input, ctx);
        } catch (error) {
          const usage = call.usageOfError(error);
          await (usage === undefined ? reservation.release() : reservation.settle(call.microUsd(usage)));
          throw error;
        }
        await reservation.settle(call.microUsd(call.usageOf(output)));
        return output;
      };
      return make({ ...node, run: withMetering(guarded as StepHandler, metering) });
    },
  };
}

function stepOf(plan: Primitive<never, unknown>['plan'], what: string): { node: StepNode; handler: Handler } {
  // Interpreters call a handler with its step's input and a StepContext.
  if (plan.kind === 'step' && plan.run !== undefined) return { node: plan, handler: plan.run as Handler };
  throw refused(`${what}() belongs on a step with a handler of its own, not on a ${plan.kind}`);
}

function refused(message: string): FleetError {
  return new FleetError({ code: 'definition_error', kind: 'invalid_input', message });
}
