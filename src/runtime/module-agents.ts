import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Config } from '../../config/schema.ts';
import type { Agent } from '../agents/agent.ts';
import type { CoordinatedAgent } from '../coordination/agents/agent.ts';
import { instanceName as chanceName } from '../coordination/agents/instance-name.ts';
import { FleetError } from '../kernel/errors.ts';
import { customTypeProblem } from '../workflows/registry/custom-type.ts';
import type { PlannedAgent } from './agent-plan.ts';
import type { Core } from './core.ts';
import { SeatedAgent, troubleOf } from './fleet-agents.ts';
import { agentForJobs, type ModuleJobsParts } from './module-agent-jobs.ts';
import type { FleetCoordination } from './open-coordination.ts';
import type { QueueWorker } from './queue-worker.ts';
import { agentSettings, agentTimeoutMs } from './settings.ts';

/** Of an agent that says nothing of it, as in coordination. */
const DEFAULT_CONCURRENCY = 4;

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
    const problem = customTypeProblem(agent.type);
    if (problem !== null) throw invalid(file, problem);
    return instance === undefined ? agent : altered(agent, { instance });
  });
}

/** An agent of a module that a process runs: a worker of the queue of its type, and a mailbox. */
export class ModuleSeat extends SeatedAgent<string> {
  readonly source: CoordinatedAgent;
  readonly own: Agent;
  /** Nobody of its name may be there: first it registers, then it takes jobs. */
  readonly isHeld = true;

  constructor(source: CoordinatedAgent, planned: PlannedAgent, own: Agent) {
    super(source.type, planned);
    this.source = source;
    this.own = own;
  }
}

/** @param concurrency  of each, whatever it says itself */
export function moduleSeats(
  config: Config,
  agents: readonly CoordinatedAgent[],
  parts: ModuleJobsParts,
  concurrency?: number,
): ModuleSeat[] {
  return agents.map((agent) => {
    const { resources = {} } = agent;
    const name = agent.instance ?? chanceName(hostname(), process.pid, randomBytes(3).toString('hex'));
    const most =
      concurrency ??
      agentSettings(config, agent.type).concurrency ??
      agent.concurrency ??
      resources.cpu_threads ??
      DEFAULT_CONCURRENCY;
    return new ModuleSeat(agent, { name, resources, concurrency: most }, agentForJobs(agent, parts));
  });
}

/** Make the types of these agents known to the fleet: definitions may name them, and their queues are shown. */
export async function announceTypes(
  { config, agentTypes }: Core,
  seats: readonly ModuleSeat[],
): Promise<void> {
  const byType = Map.groupBy(seats, ({ agent }) => agent);
  for (const [type, [first]] of byType) {
    const { version = 'unknown', idempotent = false } = first!.source;
    await agentTypes.announce(type, {
      timeoutMs: agentTimeoutMs(config, type),
      isIdempotent: idempotent,
      version,
    });
  }
}

/** Register them and let them take messages and jobs. Errors: those of registering, of the first that fails */
export async function runModuleAgents(
  { supervisor, discovery }: Pick<FleetCoordination, 'supervisor' | 'discovery'>,
  seats: readonly ModuleSeat[],
  workerOf: (seat: ModuleSeat) => QueueWorker,
): Promise<string[]> {
  const texts: string[] = [];
  for (const seat of seats) {
    const { capabilities } = seat.source;
    const registered = await supervisor.run(seatedAgent(seat, workerOf(seat)));
    seat.registered(registered);
    texts.push(registered.text);
    if (capabilities !== undefined) discovery.register({ agent: registered.id, capabilities });
  }
  return texts;
}

/** The agent with its worker behind it: what holds for its messages holds for its jobs. */
function seatedAgent({ source, planned }: ModuleSeat, worker: QueueWorker): CoordinatedAgent {
  return altered(source, {
    instance: planned.name,
    concurrency: planned.concurrency,
    metadata: { ...source.metadata, queue: source.type },
    healthCheck: async (signal) =>
      troubleOf(worker) ?? (await source.healthCheck?.(signal)) ?? { status: 'healthy' },
    async rest(graceMs) {
      await Promise.all([worker.rest(graceMs), source.rest?.(graceMs)]);
    },
    resume() {
      source.resume?.();
      worker.resume();
    },
  });
}

function isAgent(value: unknown): value is CoordinatedAgent {
  if (typeof value !== 'object' || value === null) return false;
  const { type, process: work } = value as Partial<CoordinatedAgent>;
  return typeof type === 'string' && typeof work === 'function';
}

/** The same agent with these members; it may be of a class with members of its own, so it is not copied. */
function altered(agent: CoordinatedAgent, members: Partial<CoordinatedAgent>): CoordinatedAgent {
  return new Proxy(agent, {
    get(target, key) {
      if (Object.hasOwn(members, key)) return Reflect.get(members, key);
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
