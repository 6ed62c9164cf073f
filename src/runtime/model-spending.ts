import type { Metrics } from '../observability/metrics.ts';
import type { Budgets, BudgetPolicy, Reservation } from '../primitives/budget/budgets.ts';
import type { CostLedger } from '../primitives/budget/cost-ledger.ts';
import type { CostEvent } from '../primitives/budget/costs.ts';
import { costOf, toUsd, type Usage, type UsdPer1kTokens } from '../primitives/budget/money.ts';
import type { PlannedCall, SpendingPort } from '../models/spending.ts';
import type { TokenUsage } from '../contracts/provenance.ts';

/** The budget of all models that agents ask; its name in metrics and the log. */
export const MODEL_BUDGET = 'llm';

export interface ModelSpendingOptions {
  readonly budgets: Budgets;
  readonly ledger: CostLedger;
  /** Null: nothing limits what models cost. */
  readonly dailyUsd: number | null;
  /** What is not here is counted in tokens alone: nothing is free because nobody knows its price. */
  readonly prices: ReadonlyMap<string, UsdPer1kTokens>;
  readonly metrics?: Metrics | undefined;
  readonly observe: (event: CostEvent) => void;
}

/** What agents spend on models: set aside before a request, written down after it. */
export function createModelSpending(options: ModelSpendingOptions): SpendingPort {
  const { budgets, dailyUsd, prices } = options;
  const policy: BudgetPolicy | null = dailyUsd === null ? null : { budget: MODEL_BUDGET, dailyUsd };
  return {
    async reserve(call) {
      const price = prices.get(call.model);
      // The configuration refuses a budget over models without a price.
      const held =
        policy === null || price === undefined
          ? null
          : await budgets.reserve(policy, costOf(price, asUsage(call.estimate)));
      return {
        settle: (used) => writeDown(options, call, price, asUsage(used), held),
        release: async () => held?.release(),
      };
    },
  };
}

async function writeDown(
  { ledger, metrics, observe }: ModelSpendingOptions,
  { agent, model, account }: PlannedCall,
  price: UsdPer1kTokens | undefined,
  usage: Usage,
  held: Reservation | null,
): Promise<void> {
  if (price === undefined) {
    metrics?.llm_tokens_total.inc({ agent, model, direction: 'input' }, usage.inputTokens);
    metrics?.llm_tokens_total.inc({ agent, model, direction: 'output' }, usage.outputTokens);
    return;
  }
  const microUsd = costOf(price, usage);
  const usd = toUsd(microUsd);
  observe({ type: 'cost', queue: agent, model, usage, usd });
  await held?.settle(microUsd);
  try {
    await ledger.record({ ...account, model, usage, microUsd });
  } catch {
    observe({ type: 'unrecorded', model, usd }); // the answer is worth more than its account
  }
}

function asUsage({ input_tokens: inputTokens, output_tokens: outputTokens }: TokenUsage): Usage {
  return { inputTokens, outputTokens };
}
