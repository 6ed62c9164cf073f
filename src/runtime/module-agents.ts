import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CoordinatedAgent } from '../coordination/agents/agent.ts';
import { FleetError } from '../kernel/errors.ts';
import type { FleetCoordination } from './open-coordination.ts';

/**
 * The agents of a module: its default export is one, or a list of them.
 *
 * @param file  relative to where the process was started
 * @param instance  the name of each of them, in the place of its own
 * Errors: agent_module_invalid (invalid_input)
 */
export async function loadAgents(file: string, instance?: string): Promise<CoordinatedAgent[]> {
  let exported: unknown;
  try {
    const loaded = (await import(pathToFileURL(resolve(file)).href)) as { default?: unknown };
    exported = loaded.default;
  } catch (error) {
    throw invalid(
      file,
      `it cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
  const agents: readonly unknown[] = Array.isArray(exported) ? exported : [exported];
  if (agents.length === 0) throw invalid(file, 'its default export is an empty list');
  return agents.map((agent, index) => {
    if (!isAgent(agent)) {
      const which = Array.isArray(exported) ? `entry ${index} of its default export` : 'its default export';
      throw invalid(file, `${which} is no agent: expected an object with type and process`);
    }
    return instance === undefined ? agent : named(agent, instance);
  });
}

/** Register them and let them take messages. Errors: those of registering, of the first that fails */
export async function runModuleAgents(
  { supervisor, discovery }: Pick<FleetCoordination, 'supervisor' | 'discovery'>,
  agents: readonly CoordinatedAgent[],
): Promise<string[]> {
  const texts: string[] = [];
  for (const agent of agents) {
    const registered = await supervisor.run(agent);
    texts.push(registered.text);
    if (agent.capabilities !== undefined)
      discovery.register({ agent: registered.id, capabilities: agent.capabilities });
  }
  return texts;
}

function isAgent(value: unknown): value is CoordinatedAgent {
  if (typeof value !== 'object' || value === null) return false;
  const { type, process: work } = value as Partial<CoordinatedAgent>;
  return typeof type === 'string' && typeof work === 'function';
}

/** The same agent under another name; it may be of a class with members of its own, so it is not copied. */
function named(agent: CoordinatedAgent, instance: string): CoordinatedAgent {
  return new Proxy(agent, {
    get(target, key) {
      if (key === 'instance') return instance;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function invalid(file: string, why: string, cause?: unknown): FleetError {
  return new FleetError({
    code: 'agent_module_invalid',
    kind: 'invalid_input',
    message: `${file}: ${why}`,
    ...(cause === undefined ? {} : { cause }),
  });
}
