import { systemClock } from '../kernel/clock.ts';
import { isFleetError } from '../kernel/errors.ts';
import type { RedisClient } from '../redis/connect.ts';
import type { RedisStore } from '../redis/store.ts';
import type { Breakers } from '../resilience/breakers.ts';
import { withAnyType, withKnownTypes } from '../workflows/catalog/custom-agents.ts';
import { definedAgents } from '../workflows/catalog/steps.ts';
import type { AgentTypes } from '../workflows/registry/agent-types.ts';
import { pinDefinitions } from '../workflows/registry/pin-definitions.ts';
import { DefinitionRegistry } from '../workflows/registry/registry.ts';
import type { CoreOptions } from './core.ts';
import { productWorkflows } from './product-catalog.ts';
import { catalogSettings } from './settings.ts';

/**
 * The registry of a process: the definitions in code are held to their versions, then those that were registered
 * are read. Two round trips when a process starts.
 *
 * Errors: version_exists (conflict) when a plan in code changed under its version, backend_unavailable
 */
export async function openRegistry(
  options: CoreOptions,
  store: RedisStore,
  subscriber: RedisClient,
  breakers: Breakers,
  types: AgentTypes,
): Promise<DefinitionRegistry> {
  const { config, log, clock = systemClock } = options;
  const own =
    options.definitions ??
    productWorkflows(config, { store, clock, log, metrics: options.metrics, breakers });
  const code = [...own, ...(options.plans ?? [])];
  const settings = catalogSettings(config);
  const agents = definedAgents(settings);
  const registry = new DefinitionRegistry({
    store,
    code,
    log,
    agents: withKnownTypes(agents, types),
    acceptedAgents: withAnyType(agents, types),
    runTimeoutMs: settings.runTimeoutMs,
  });
  // A change of a type may change what its steps may take, and whether they may be repeated.
  types.whenChanged(() => registry.recompile());
  const isPasserBy = options.pins === 'look';
  const held = config.workflow.accept_changed_plans ? 'accept' : 'hold';
  try {
    await pinDefinitions(store, code, isPasserBy ? 'look' : held);
  } catch (error) {
    if (!isPasserBy || !isFleetError(error) || error.code !== 'version_exists') throw error;
    log.warn({ reason: error.message }, 'this release knows a workflow differently than its fleet');
  }
  await registry.start(subscriber);
  return registry;
}
