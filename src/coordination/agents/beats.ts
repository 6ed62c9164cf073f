import type { CoordinationCore } from '../core.ts';
import { keyParts } from '../keys.ts';
import { asking } from '../messages/availability.ts';
import type { AgentId } from '../models/agent-id.ts';
import { isFleetError } from '../../kernel/errors.ts';
import { runScripts, type ScriptCall, type ScriptValue } from '../../redis/script.ts';
import { beatAgent } from '../scripts/beat-agent.ts';
import type { LocalAgent } from './local-agent.ts';
import { readMark } from './records.ts';
import type { RegistrySettings } from './settings.ts';
import { exportState } from './state.ts';

/** The first seven keys of the scripts that register an agent and of those that beat, in the order they number them. */
export function keysOfAgent(keys: CoordinationCore['keys'], agent: AgentId): string[] {
  const parts = keyParts(agent);
  return [
    keys.agent(...parts),
    keys.agentIndex(),
    keys.agentDeadlines(),
    keys.lostAgents(),
    keys.degradedAgents(),
    keys.agentState(...parts),
    keys.agentEvents(),
  ];
}

export interface BeatPorts {
  /** The capabilities that an agent advertises; must not throw. */
  readonly capabilitiesOf: (agent: LocalAgent) => string | undefined;
  /** Another incarnation has its name, or an operator took it away. */
  readonly onDisowned: (agent: LocalAgent, how: 'superseded' | 'evicted') => void;
  readonly onBeaten?: (agent: LocalAgent) => void;
}

/** Heartbeats per pipeline, so that a process with thousands of agents is answered in time. */
const CHUNK = 500;

/**
 * One heartbeat of each of these agents, in one pipeline if they are not very many. What goes wrong with one does not
 * touch the others. Errors: redis_unavailable (unavailable)
 */
export async function beatAgents(
  core: CoordinationCore,
  settings: RegistrySettings,
  agents: readonly LocalAgent[],
  ports: BeatPorts,
): Promise<void> {
  for (let at = 0; at < agents.length; at += CHUNK)
    await beatChunk(core, settings, agents.slice(at, at + CHUNK), ports);
}

async function beatChunk(
  core: CoordinationCore,
  settings: RegistrySettings,
  agents: readonly LocalAgent[],
  ports: BeatPorts,
): Promise<void> {
  const states: (string | undefined)[] = [];
  const answers = await asking(core.redis, 'heartbeat', () => {
    const calls = agents.map((agent, place) => {
      states[place] = changedState(core, settings, agent);
      return beatCall(core, settings, agent, states[place], ports.capabilitiesOf(agent));
    });
    return runScripts(core.redis, beatAgent, calls);
  });
  for (const [place, agent] of agents.entries()) {
    const answer = answers[place];
    if (isFleetError(answer))
      core.logger.error({ agent: agent.text, err: answer }, 'a heartbeat was refused by Redis');
    else settle(agent, answer ?? null, states[place], ports);
  }
}

function settle(
  agent: LocalAgent,
  answer: ScriptValue,
  state: string | undefined,
  { onDisowned, onBeaten }: BeatPorts,
): void {
  const [outcome, mark, isSaved] = answer as [string, string, number?]; // what the script answers
  if (outcome === 'superseded' || outcome === 'evicted') {
    onDisowned(agent, outcome);
    return;
  }
  agent.degraded = readMark(mark);
  if (state !== undefined) agent.savedState = state;
  if (isSaved === 0) agent.savedState = undefined;
  onBeaten?.(agent);
}

function beatCall(
  { keys }: CoordinationCore,
  settings: RegistrySettings,
  agent: LocalAgent,
  state: string | undefined,
  capabilities: string | undefined,
): ScriptCall {
  const parts = keyParts(agent.id);
  return {
    keys: [
      ...keysOfAgent(keys, agent.id),
      keys.capabilities(...parts),
      keys.capabilityIndex(),
      keys.capabilityEpoch(),
      keys.evictedAgent(...parts),
    ],
    args: [
      ...recordArgs(settings, agent),
      state ?? '',
      settings.stateRetentionMs,
      capabilities ?? '',
      Math.min(1, agent.inFlight / agent.concurrency),
      agent.status === 'stopped' ? 0 : 1,
    ],
  };
}

/** The first seven arguments of every script that writes a record. */
export function recordArgs(settings: RegistrySettings, agent: LocalAgent): (string | number)[] {
  const { heartbeatTtlMs, recordRetentionMs, eventsMaxLen } = settings;
  return [
    agent.text,
    agent.registrationId,
    heartbeatTtlMs,
    heartbeatTtlMs / 1000,
    JSON.stringify(agent.record()).slice(1),
    recordRetentionMs,
    eventsMaxLen,
  ];
}

/** Undefined when it is as it was saved, and when it cannot be had: the heartbeat goes on without it. */
export function changedState(
  { logger }: CoordinationCore,
  settings: RegistrySettings,
  agent: LocalAgent,
): string | undefined {
  try {
    const state = exportState(agent.agent, settings.maxStateBytes, agent.savedState);
    return state === agent.savedState ? undefined : state;
  } catch (error) {
    logger.warn({ agent: agent.text, err: error }, 'the state of an agent could not be saved');
    return undefined;
  }
}
