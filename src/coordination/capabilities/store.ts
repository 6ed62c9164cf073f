import type { AgentDirectory, AgentView } from '../agents/directory.ts';
import type { RegistryHooks } from '../agents/hooks.ts';
import type { CoordinationCore } from '../core.ts';
import { AgentNotRegisteredError, CoordinationValidationError } from '../errors.ts';
import { keyParts } from '../keys.ts';
import { askScript } from '../messages/availability.ts';
import { AgentId, agentIdText, parseAgentIdText, type AgentIdInput } from '../models/agent-id.ts';
import { AgentCapabilitySet, type AgentCapabilitySetInput } from '../models/capability.ts';
import { advertiseCapabilities } from '../scripts/advertise-capabilities.ts';
import { withdrawCapabilities } from '../scripts/withdraw-capabilities.ts';
import { parseInput } from '../validate.ts';

/** A set for an agent that is named beside it. */
export type CapabilitySetOf = Omit<AgentCapabilitySetInput, 'agent_id'> & { readonly agent_id?: string };

interface Advertised {
  readonly registrationId: string;
  /** The set. */
  readonly json: string;
  /** `name@version`. */
  readonly names: readonly string[];
}

/**
 * What agents advertise. A set stands for one heartbeat and is renewed by the next:
 *
 * 1. `register` checks it and stores it, and remembers it for the heartbeats of the agent, which runs in this process
 * 2. with `hooks` each heartbeat writes it again, with another TTL and the load of the moment, in its own script
 * 3. it goes when the agent is deregistered, by `drop`, or lapses with the last heartbeat
 */
export class CapabilityStore {
  readonly #core: CoordinationCore;
  readonly #directory: AgentDirectory;
  /** By text form, of agents of this process. */
  readonly #advertised = new Map<string, Advertised>();

  /** For the registry, which beats. */
  readonly hooks: RegistryHooks = {
    beforeBeat: (agent) => {
      const own = this.#advertised.get(agent.text);
      const isOfThis = own?.registrationId === agent.registrationId;
      agent.setCapabilityNames(isOfThis ? own.names : []);
      return isOfThis ? own.json : undefined;
    },
    onDeregistered: (agent) => void this.#advertised.delete(agentIdText(agent)),
    onSuperseded: ({ text, registrationId }) => {
      if (this.#advertised.get(text)?.registrationId === registrationId) this.#advertised.delete(text);
    },
  };

  constructor(core: CoordinationCore, directory: AgentDirectory) {
    this.#core = core;
    this.#directory = directory;
  }

  /**
   * Advertise what an agent of this process can do, instead of what it advertised before.
   * @returns the set as it is stored
   * Errors: validation (invalid_input), agent_not_registered (not_found), redis_unavailable (unavailable)
   */
  async register(agent: AgentIdInput, set: unknown): Promise<AgentCapabilitySet> {
    const text = agentIdText(parseInput(AgentId, agent, 'agent'));
    const checked = checkCapabilitySet(text, set);
    const stored = { ...checked, last_updated: checked.last_updated ?? new Date().toISOString() };
    const view = await this.#directory.get(agent);
    if (view === null || !view.isAlive) throw new AgentNotRegisteredError(text);
    const { registration_id } = view.record;
    const json = JSON.stringify(stored);
    const names = stored.capabilities.map(({ name, version }) => `${name}@${version}`);
    const before = this.#advertised.get(text);
    // Remembered first: a heartbeat while the script is under way must not bring back what stood before.
    this.#advertised.set(text, { registrationId: registration_id, json, names });
    try {
      if (!(await this.#advertise(view, json, names))) throw new AgentNotRegisteredError(text);
    } catch (error) {
      if (before === undefined) this.#advertised.delete(text);
      else this.#advertised.set(text, before);
      throw error;
    }
    return stored;
  }

  /**
   * The agent advertises nothing any more.
   * @param registrationId  only if the set is that incarnation's; a slow shutdown must not take its successor's
   * @returns whether there was something
   * Errors: redis_unavailable (unavailable)
   */
  async drop(agent: AgentIdInput, registrationId = ''): Promise<boolean> {
    const { redis, keys } = this.#core;
    const own = this.#advertised.get(agentIdText(agent));
    if (registrationId === '' || own?.registrationId === registrationId)
      this.#advertised.delete(agentIdText(agent));
    const gone = await askScript(
      redis,
      withdrawCapabilities,
      [
        keys.capabilities(...keyParts(agent)),
        keys.capabilityIndex(),
        keys.capabilityEpoch(),
        keys.agentEvents(),
      ],
      [agentIdText(agent), registrationId, JSON.stringify({ capabilities: [] })],
    );
    return gone === 1;
  }

  /** False when this incarnation of the agent is not registered any more. */
  async #advertise(
    { record, heartbeatAgeMs }: AgentView,
    json: string,
    names: readonly string[],
  ): Promise<boolean> {
    const { redis, keys } = this.#core;
    const { agent_id, registration_id, heartbeat_ttl_s, metrics, status } = record;
    const parts = keyParts(parseAgentIdText(agent_id)!); // the schema of records has checked it
    const answer = await askScript(
      redis,
      advertiseCapabilities,
      [
        keys.agent(...parts),
        keys.capabilities(...parts),
        keys.capabilityIndex(),
        keys.capabilityEpoch(),
        keys.agentEvents(),
      ],
      [
        agent_id,
        registration_id,
        // It lapses with the heartbeat that stands.
        Math.max(1, Math.round(heartbeat_ttl_s * 1000 - heartbeatAgeMs)),
        json,
        Math.min(1, metrics.in_flight / metrics.concurrency),
        status.running ? 1 : 0,
        JSON.stringify({ capabilities: names }),
      ],
    );
    return answer !== -1;
  }
}

/**
 * The set of this agent, with all defaults.
 * Errors: validation (invalid_input), with every problem
 */
export function checkCapabilitySet(agent: string, set: unknown): AgentCapabilitySet {
  const given = typeof set === 'object' && set !== null ? { agent_id: agent, ...set } : set;
  const checked = parseInput(AgentCapabilitySet, given);
  if (checked.agent_id === agent) return checked;
  throw new CoordinationValidationError([{ path: 'agent_id', message: `is not that of ${agent}` }]);
}
