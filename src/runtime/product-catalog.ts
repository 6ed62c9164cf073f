import type { Config } from '../../config/schema.ts';
import { narrate } from '../agents/nga/narrate.ts';
import { createCosts, type Costs } from '../primitives/budget/costs.ts';
import { builtInWorkflows } from '../workflows/catalog/built-in.ts';
import type { WorkflowDefinition } from '../workflows/definition.ts';
import { exampleWorkflows } from '../workflows/examples/examples.ts';
import { EXAMPLE_PRICES, localExamplePorts, scriptedModel } from '../workflows/examples/ports.ts';
import { configuredModel, type ExampleParts } from './configured-model.ts';
import { observeCosts } from './cost-metrics.ts';
import { catalogSettings } from './settings.ts';

/** What a fleet of this configuration knows: the built-in workflows, and outside of production the examples. */
export function productWorkflows(config: Config, parts: ExampleParts): WorkflowDefinition[] {
  const builtIn = builtInWorkflows(catalogSettings(config), narrate);
  if (config.environment === 'production') return builtIn;
  const ports = localExamplePorts(configuredModel(config, parts));
  const costs = exampleCosts(parts);
  // Made-up prices are taught with a made-up model.
  const priced = { costs, prices: EXAMPLE_PRICES, pricedModel: scriptedModel() };
  return [...builtIn, ...exampleWorkflows({ ...ports, ...priced })];
}

/** Costs and budgets of the examples, kept in Redis; what goes wrong with them is in the log. */
function exampleCosts({ store, clock, log, metrics }: ExampleParts): Costs {
  return createCosts({ store, clock, prices: EXAMPLE_PRICES, observe: observeCosts(log, metrics) });
}
