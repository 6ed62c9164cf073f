import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Config } from '../../config/schema.ts';
import { instanceName as chanceName } from '../coordination/agents/instance-name.ts';
import type { AgentResources } from '../coordination/models/agent-record.ts';
import { AGENT_TYPES, type AgentName } from '../contracts/agent-type.ts';

/** An agent that a worker process is to run. */
export interface PlannedAgent {
  readonly name: string;
  readonly concurrency: number;
  readonly resources: AgentResources;
}

/**
 * The agents of one type that this process runs: those of the configuration, or one. Only a process whose
 * configuration says so three times registers them.
 */
export function plannedAgents(
  { agents }: Config,
  name: AgentName,
  given: { readonly instance?: string; readonly concurrency?: number } = {},
): PlannedAgent[] {
  const {
    auto_register_enabled: isOn,
    enabled,
    instance,
    instances,
    concurrency,
  } = agents[AGENT_TYPES[name]];
  if (!agents.auto_register || !enabled || !isOn) return [];
  if (instances.length > 0)
    return instances.map(({ name: own, resources: hints }) => {
      const resources = present(hints);
      return {
        name: own,
        resources,
        concurrency: given.concurrency ?? resources.cpu_threads ?? concurrency,
      };
    });
  return [
    {
      name: given.instance ?? instance ?? chanceName(hostname(), process.pid, randomBytes(3).toString('hex')),
      resources: {},
      concurrency: given.concurrency ?? concurrency,
    },
  ];
}

/** Without members that are there but undefined. */
function present(resources: Readonly<Record<string, number | undefined>>): AgentResources {
  return Object.fromEntries(Object.entries(resources).filter(([, value]) => value !== undefined));
}
