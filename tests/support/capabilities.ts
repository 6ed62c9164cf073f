import type { AgentRegistry } from '../../src/coordination/agents/registry.ts';
import type { RegistryOptions } from '../../src/coordination/agents/settings.ts';
import { Capabilities, type CapabilitiesParts } from '../../src/coordination/capabilities/capabilities.ts';
import type { AgentCapabilityInput } from '../../src/coordination/models/capability.ts';
import type { OpenedCoordinationCore } from '../../src/coordination/open-core.ts';
import type { Town } from './agents.ts';

/** One process: its agents, what they can do, and its own eyes on everybody else's. */
export interface House {
  readonly core: OpenedCoordinationCore;
  readonly registry: AgentRegistry;
  readonly capabilities: Capabilities;
}

export function house(
  town: Town,
  options: RegistryOptions = {},
  parts: Partial<CapabilitiesParts> = {},
): House {
  const core = town.core();
  const registry = town.registry(options, undefined, core);
  const capabilities = new Capabilities({ core, directory: registry, ...parts });
  registry.attach(capabilities.hooks);
  return { core, registry, capabilities };
}

export function skill(change: Partial<AgentCapabilityInput> = {}): AgentCapabilityInput {
  return { name: 'weave', type: 'generation', version: '1.0.0', ...change };
}
