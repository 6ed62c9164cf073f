import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { CostEvent } from '../primitives/budget/costs.ts';

/** Counts what calls cost and what budgets said; what needs attention is in the log, too. */
export function observeCosts(log: Logger, metrics: Metrics | undefined): (event: CostEvent) => void {
  return (event) => {
    if (metrics !== undefined) count(metrics, event);
    if (event.type !== 'cost') log.warn({ ...event }, MESSAGES[event.type]);
  };
}

const MESSAGES: Readonly<Record<Exclude<CostEvent['type'], 'cost'>, string>> = {
  rejected: 'a budget did not allow a call',
  alert: 'a budget has reached its alert ratio',
  over_request_limit: 'a call cost more than its budget allows for one',
  unsettled: 'Redis was away when a call under a budget ended: its cost is not charged',
  unrecorded: 'Redis was away when a call ended: its cost is missing from reports',
};

function count(metrics: Metrics, event: CostEvent): void {
  switch (event.type) {
    case 'cost': {
      const { queue: agent, model, usage, usd } = event;
      metrics.llm_tokens_total.inc({ agent, model, direction: 'input' }, usage.inputTokens);
      metrics.llm_tokens_total.inc({ agent, model, direction: 'output' }, usage.outputTokens);
      metrics.llm_cost_usd_total.inc({ model }, usd);
      return;
    }
    case 'rejected':
      return metrics.budget_rejections_total.inc({ budget: event.budget, reason: event.reason });
    case 'alert':
      return metrics.budget_alerts_total.inc({ budget: event.budget });
    case 'over_request_limit':
      return metrics.budget_overruns_total.inc({ budget: event.budget });
    default:
  }
}
