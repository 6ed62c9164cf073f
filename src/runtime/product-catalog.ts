import type { Config } from '../../config/schema.ts';
import { narrate } from '../agents/nga/narrate.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { createCosts, type Costs } from '../primitives/budget/costs.ts';
import type { RedisStore } from '../redis/store.ts';
import { builtInWorkflows } from '../workflows/catalog/built-in.ts';
import type { WorkflowDefinition } from '../workflows/definition.ts';
import { exampleWorkflows } from '../workflows/examples/examples.ts';
import { EXAMPLE_PRICES, localExamplePorts } from '../workflows/examples/ports.ts';
import { observeCosts } from './cost-metrics.ts';
import { catalogSettings } from './settings.ts';

/** What a fleet of this configuration knows: the built-in workflows, and outside of production the examples. */
export function productWorkflows(config: Config, costs: Costs): WorkflowDefinition[] {
  const builtIn = builtInWorkflows(catalogSettings(config), narrate);
  return config.environment === 'production'
    ? builtIn
    : [...builtIn, ...exampleWorkflows({ ...localExamplePorts(), costs, prices: EXAMPLE_PRICES })];
}

/** Costs and budgets of the examples, kept in Redis; what goes wrong with them is in the log. */
export function exampleCosts(parts: {
  store: RedisStore;
  clock: Clock;
  log: Logger;
  metrics?: Metrics;
}): Costs {
  const { store, clock, log, metrics } = parts;
  return createCosts({ store, clock, prices: EXAMPLE_PRICES, observe: observeCosts(log, metrics) });
}
