import type { CoordinationCore } from '../core.ts';
import { AgentInstanceConflictError } from '../errors.ts';
import { keyParts } from '../keys.ts';
import { asking, askScript } from '../messages/availability.ts';
import type { AgentId } from '../models/agent-id.ts';
import { AgentRecord } from '../models/agent-record.ts';
import { deregisterAgent } from '../scripts/deregister-agent.ts';
import { registerAgent } from '../scripts/register-agent.ts';
import { changedState, keysOfAgent, recordArgs } from './beats.ts';
import type { AgentView } from './directory.ts';
import type { LocalAgent } from './local-agent.ts';
import { readMark } from './records.ts';
import type { RegistrySettings } from './settings.ts';
import { restoreState } from './state.ts';

/**
 * Restore the state, write the first record, tell it.
 * @param known  who was there before, as it was read a moment ago; spares an agent the state of one that is alive
 * Errors: agent_instance_conflict (conflict), redis_unavailable (unavailable)
 */
export async function registerLocal(
  core: CoordinationCore,
  settings: RegistrySettings,
  agent: LocalAgent,
  { takeover, known }: { takeover: boolean; known: AgentView | null },
): Promise<void> {
  if (known?.isAlive === true && !takeover) throw new AgentInstanceConflictError(known.record);
  const { redis, keys } = core;
  const parts = keyParts(agent.id);
  const [state, now] = await savedState(core, agent);
  const restored = await restoreState(agent.agent, state, now, core.logger);
  agent.registeredAt(now);
  const { host, pid, version } = agent.record();
  const details = { host, pid, version, replaced: known?.record.registration_id ?? null };
  const events = [...(restored.event === null ? [] : [restored.event]), { kind: 'registered', details }];
  const answer = await askScript(
    redis,
    registerAgent,
    [...keysOfAgent(keys, agent.id), keys.rejectedAgentState(...parts)],
    [
      ...recordArgs(settings, agent),
      takeover ? 1 : 0,
      restored.isRejected ? 1 : 0,
      settings.stateRetentionMs,
      ...events.flatMap((event) => [event.kind, JSON.stringify(event.details)]),
    ],
  );
  const [outcome, held] = answer as [string, string]; // what the script answers
  if (outcome === 'conflict') throw new AgentInstanceConflictError(holderOf(agent, held));
  agent.degraded = readMark(held);
}

/** Who holds the name; of a record that is torn only its beginning is known. */
function holderOf(
  agent: LocalAgent,
  held: string,
): ConstructorParameters<typeof AgentInstanceConflictError>[0] {
  try {
    return AgentRecord.parse(JSON.parse(held));
  } catch {
    return { agent_id: agent.text, host: 'an unknown host', pid: 0, registration_id: held.slice(20, 56) };
  }
}

/** What is saved for an agent, and the time of Redis in ms. Errors: redis_unavailable (unavailable) */
export async function savedState(
  { redis, keys }: CoordinationCore,
  agent: LocalAgent,
): Promise<[state: string | null, nowMs: number]> {
  const [state, [seconds, micros]] = await asking(redis, 'read the state of an agent', () =>
    Promise.all([redis.get(keys.agentState(...keyParts(agent.id))), redis.time()]),
  );
  return [state, Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)];
}

/** Put aside what cannot be restored; the next heartbeat saves anew. Errors: redis_unavailable (unavailable) */
export async function rejectState(
  { redis, keys }: CoordinationCore,
  settings: RegistrySettings,
  agent: LocalAgent,
): Promise<void> {
  const parts = keyParts(agent.id);
  const rejected = keys.rejectedAgentState(...parts);
  await asking(redis, 'reject the state of an agent', () =>
    // Where there is nothing any more, nothing is moved: that answer is no error of the transaction.
    redis
      .multi()
      .rename(keys.agentState(...parts), rejected)
      .pexpire(rejected, settings.stateRetentionMs)
      .exec(),
  );
  agent.savedState = undefined;
}

/** Whether this incarnation was there, and is gone. Errors: redis_unavailable (unavailable) */
export function deregisterLocal(
  core: CoordinationCore,
  settings: RegistrySettings,
  agent: LocalAgent,
  reason: string,
): Promise<boolean> {
  const state = changedState(core, settings, agent) ?? '';
  return removeIncarnation(core, settings, agent, reason, { state, mayBeat: false });
}

/**
 * The same for an incarnation in whatever process. If that one is alive, its next heartbeat finds out and does not
 * bring it back; its state stays as it was saved last, and its messages go elsewhere. Errors: redis_unavailable (unavailable)
 */
export function deregisterRemote(
  core: CoordinationCore,
  settings: RegistrySettings,
  { id, text, record }: AgentView,
  reason: string,
): Promise<boolean> {
  const agent = { id, text, registrationId: record.registration_id };
  return removeIncarnation(core, settings, agent, reason, { state: '', mayBeat: true });
}

/**
 * @param state  to be saved; empty when it stays as it is
 * @param mayBeat  its process may be alive and not know yet
 */
async function removeIncarnation(
  { redis, keys }: CoordinationCore,
  settings: RegistrySettings,
  agent: { readonly id: AgentId; readonly text: string; readonly registrationId: string },
  reason: string,
  { state, mayBeat }: { readonly state: string; readonly mayBeat: boolean },
): Promise<boolean> {
  const parts = keyParts(agent.id);
  const answer = await askScript(
    redis,
    deregisterAgent,
    [
      keys.agent(...parts),
      keys.agentIndex(),
      keys.agentDeadlines(),
      keys.lostAgents(),
      keys.agentOutcomes(...parts),
      keys.agentState(...parts),
      keys.agentEvents(),
      keys.capabilities(...parts),
      keys.capabilityIndex(),
      keys.capabilityEpoch(),
      keys.evictedAgent(...parts),
      keys.agentRates(agent.id.type),
      keys.subscriptions(...parts),
      keys.subscriptionIndex(),
      keys.agentHandovers(),
    ],
    [
      agent.text,
      agent.registrationId,
      JSON.stringify({ reason }),
      state,
      settings.stateRetentionMs,
      settings.eventsMaxLen,
      mayBeat ? settings.recordRetentionMs : '',
    ],
  );
  return answer === 1;
}
