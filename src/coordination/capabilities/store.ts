import type { Script } from '../../redis/script.ts';
import type { AgentDirectory } from '../agents/directory.ts';
import type { CoordinationCore } from '../core.ts';
import { AgentNotRegisteredError, CoordinationValidationError } from '../errors.ts';
import { keyParts } from '../keys.ts';
import { askScript } from '../messages/availability.ts';
import { AgentId, agentIdText, parseAgentIdText, type AgentIdInput } from '../models/agent-id.ts';
import type { AgentRecord } from '../models/agent-record.ts';
import { AgentCapabilitySet, type AgentCapabilitySetInput } from '../models/capability.ts';
import { advertiseCapabilities } from '../scripts/advertise-capabilities.ts';
import { withdrawCapabilities } from '../scripts/withdraw-capabilities.ts';
import { parseInput } from '../validate.ts';

/** A set for an agent that is named beside it. */
export type CapabilitySetOf = Omit<AgentCapabilitySetInput, 'agent_id'> & { readonly agent_id?: string };

/** A script with its keys and arguments, for whoever has a pipeline of its own. */
export interface ScriptCall {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

/**
 * What agents advertise. A set stands for one heartbeat and is renewed by the next:
 *
 * 1. `register` checks it and stores it, and remembers it for the beats of the agent, which runs in this process
 * 2. `refresh` at every beat: another TTL, and the load, as the record of the agent has it
 * 3. `drop` when the agent is deregistered; without it the set lapses with the heartbeat
 */
export class CapabilityStore {
  readonly #core: CoordinationCore;
  readonly #directory: AgentDirectory;
  /** Text form -> the set as JSON, of agents of this process. */
  readonly #advertised = new Map<string, string>();

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
    const json = JSON.stringify(stored);
    if ((await this.#advertise(view.record, json)) === 'unregistered')
      throw new AgentNotRegisteredError(text);
    this.#advertised.set(text, json);
    return stored;
  }

  /**
   * Renew what the agent of this record advertises, if it does. False when this incarnation of it is not registered
   * any more. Errors: redis_unavailable (unavailable)
   */
  async refresh(record: AgentRecord): Promise<boolean> {
    const json = this.#advertised.get(record.agent_id);
    return json === undefined || (await this.#advertise(record, json)) !== 'unregistered';
  }

  /** The same for a pipeline; undefined when the agent advertises nothing. */
  refreshCall(record: AgentRecord): ScriptCall | undefined {
    const json = this.#advertised.get(record.agent_id);
    return json === undefined ? undefined : this.#call(record, json);
  }

  /**
   * The agent advertises nothing any more.
   * @param registrationId  only if the set is that incarnation's; a slow shutdown must not take its successor's
   * @returns whether there was something
   * Errors: redis_unavailable (unavailable)
   */
  async drop(agent: AgentIdInput, registrationId = ''): Promise<boolean> {
    this.#advertised.delete(agentIdText(agent));
    const { redis, keys } = this.#core;
    const gone = await askScript(
      redis,
      withdrawCapabilities,
      [keys.capabilities(...keyParts(agent)), keys.capabilityIndex(), keys.capabilityEpoch()],
      [agentIdText(agent), registrationId],
    );
    return gone === 1;
  }

  async #advertise(record: AgentRecord, json: string): Promise<'changed' | 'unchanged' | 'unregistered'> {
    const { script, keys, args } = this.#call(record, json);
    const changed = await askScript(this.#core.redis, script, keys, args);
    if (changed === -1) return 'unregistered';
    return changed === 1 ? 'changed' : 'unchanged';
  }

  #call(
    { agent_id, registration_id, heartbeat_ttl_s, metrics, status }: AgentRecord,
    json: string,
  ): ScriptCall {
    const { keys } = this.#core;
    const parts = keyParts(parseAgentIdText(agent_id)!); // the schema of records has checked it
    return {
      script: advertiseCapabilities,
      keys: [
        keys.agent(...parts),
        keys.capabilities(...parts),
        keys.capabilityIndex(),
        keys.capabilityEpoch(),
      ],
      args: [
        agent_id,
        registration_id,
        Math.round(heartbeat_ttl_s * 1000),
        json,
        Math.min(1, metrics.in_flight / metrics.concurrency),
        status.running ? 1 : 0,
      ],
    };
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
