import { z } from 'zod';
import { AgentIdText } from '../../models/agent-id.ts';
import { COMPONENT_STATUSES, type ComponentState, type ComponentStatusName } from './component-state.ts';
import { ENVIRONMENTS, type Environment } from './environment.ts';
import { DiscoveryStrategy, type DiscoverySettings } from './settings.ts';

export const ComponentStatus = z
  .strictObject({
    component_id: z.string(),
    agent_id: AgentIdText,
    status: z.enum(COMPONENT_STATUSES),
    attempts: z.int().min(0),
    last_error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  })
  .meta({ id: 'CapabilityComponentStatus' });
export type ComponentStatus = z.infer<typeof ComponentStatus>;

/** How the advertisement of the agents of one process stands. */
export const DiscoveryStatus = z
  .strictObject({
    /** Whether anything is advertised here: by the flag and by the environment. */
    enabled: z.boolean(),
    environment: z.enum(ENVIRONMENTS),
    strategy: DiscoveryStrategy,
    /** How many components there are in each status. */
    counts: z.record(z.enum(COMPONENT_STATUSES), z.int().min(0)),
    components: z.array(ComponentStatus),
  })
  .meta({ id: 'CapabilityDiscoveryStatus' });
export type DiscoveryStatus = z.infer<typeof DiscoveryStatus>;

export function componentStatus(id: string, agent: string, state: ComponentState): ComponentStatus {
  const { status, attempts, lastError } = state;
  return { component_id: id, agent_id: agent, status, attempts, last_error: lastError };
}

export function discoveryStatus(
  components: readonly ComponentStatus[],
  environment: Environment,
  settings: DiscoverySettings,
): DiscoveryStatus {
  const counts = COMPONENT_STATUSES.map((name) => [
    name,
    components.filter(({ status }) => status === name).length,
  ]);
  return {
    enabled: isDiscoveryOn(settings, environment),
    environment,
    strategy: settings.strategy,
    counts: Object.fromEntries(counts) as Record<ComponentStatusName, number>, // every status is in the list
    components: components.toSorted((one, other) => (one.component_id < other.component_id ? -1 : 1)),
  };
}

export function isDiscoveryOn(
  { enabled, environments }: DiscoverySettings,
  environment: Environment,
): boolean {
  return enabled && environments[environment];
}
