// `tta-agent-fleet/primitives/durable`: running plans on a fleet. See docs/composition.md, "On a fleet".

export {
  openPlanFleet,
  startPlanWorkers,
  type PlanFleet,
  type PlanFleetOptions,
  type PlanRuns,
  type PlanWorkers,
  type PlanWorkersOptions,
  type RunRequest,
} from '../runtime/plan-fleet.ts';
export { asDefinition, type DefinitionOptions, type NamedPlan } from '../workflows/as-definition.ts';
export type { WorkflowDefinition } from '../workflows/definition.ts';
export { openCosts, type OpenCostsOptions } from '../runtime/open-costs.ts';
export type { Costs } from '../primitives/budget/costs.ts';
export type { BudgetPolicy } from '../primitives/budget/budgets.ts';
export type { CostOptions } from '../primitives/budget/metering.ts';
export type { PriceList } from '../primitives/budget/price-book.ts';
