import { parseText } from '../agents/ipa/parse.ts';
import type { FleetOperations } from '../contracts/operations.ts';
import type { AgentOperations } from '../coordination/agents/operations.ts';
import type { MessageOperations } from '../coordination/messages/operations.ts';
import { toIso } from '../kernel/clock.ts';
import { RunNotices } from '../events/run-notices.ts';
import type { SafetyParts } from '../safety/ports.ts';
import type { OwnedSession } from '../sessions/session-store.ts';
import { createStarterWorld } from '../sessions/world/starter-world.ts';
import { viewOf } from '../sessions/world/view.ts';
import { decodeWorld, readStoredWorld } from '../sessions/world-codec.ts';
import { openSafetyState, type SafetyState } from './open-safety-state.ts';
import { openCore, type Core, type CoreOptions } from './core.ts';
import { openCoordination, type FleetCoordination } from './open-coordination.ts';
import { createIngress, type Ingress } from './operations/ingress.ts';
import { openSafetyRoom, type SafetyRoom } from './open-safety-room.ts';
import { lazily, peopleCaller, openPeople, tellOfWritten, type People } from './open-people.ts';
import { createOperations } from './operations/operations.ts';
import { openEventLog } from './open-events.ts';
import { screenOf } from './safety-hooks.ts';
import { safetyParts } from './safety-parts.ts';

/** A fleet's operations in this process: what HTTP serves and the CLI calls. */
export interface OperatedFleet {
  readonly core: Core;
  readonly operations: FleetOperations & MessageOperations & AgentOperations;
  /** The agents and their mailboxes; nothing connects before it is used. */
  readonly coordination: FleetCoordination;
  /** Whether a player's line says that somebody must be answered, whatever else is wrong. */
  readonly isUrgent: (text: string) => boolean;
  /** Opened by who first asks for it. */
  readonly safety: () => Promise<SafetyRoom>;
  readonly safetyState: SafetyState;
  /** The way to people, opened by who first asks for it. */
  readonly people: () => Promise<People>;
  /** What looks at every line; null where judging is switched off. Opened by who first asks for it. */
  readonly ingress: () => Promise<Ingress | null>;
  close(): Promise<void>;
}

export interface OperateOptions extends Omit<CoreOptions, 'onOutage'> {
  /** Takes the place of the fleet's own judges and of who is told; null: nobody judges. */
  readonly safety?: SafetyParts | null;
}

export async function operateFleet(options: OperateOptions): Promise<OperatedFleet> {
  const core = await openCore({ ...options, onOutage: 'fail_fast' });
  const coordination = openCoordination(core);
  let room: Promise<SafetyRoom> | undefined;
  const safety = (): Promise<SafetyRoom> => (room ??= openSafetyRoom(core));
  let safetyState: SafetyState | undefined;
  let judging: Ingress | null = null;
  const close = async (): Promise<void> => {
    await judging?.settled();
    await (await room?.catch(() => undefined))?.stop();
    await safetyState?.stop();
    await coordination.close();
    await core.close();
  };
  const people = lazily(() => openPeople(core, safetyState!.interventions));
  const ingress = lazily(async () => {
    const parts =
      options.safety === undefined && core.config.safety.enabled
        ? safetyParts(core, await safety(), safetyState!, peopleCaller(core, people))
        : (options.safety ?? null);
    judging = parts === null ? null : createIngress(screenOf(core, parts), core.workflows.settings.slaMs);
    return judging;
  });
  try {
    safetyState = await openSafetyState(core, tellOfWritten(core, people));
    const operations = createOperations({
      safety,
      isSafetyEnabled: core.config.safety.enabled,
      workflows: core.workflows,
      registry: core.registry,
      agentTypes: core.agentTypes,
      queues: core.queues,
      circuits: core.circuits,
      notices: new RunNotices(core.subscriber, core.store.keys),
      eventLog: openEventLog(core),
      sessionTtlSeconds: core.config.sessions.ttl_seconds,
      requireNoeviction: core.config.redis.require_noeviction,
      config: core.config,
      people,
      understand: (text, session) => understand(core, text, session),
      ingress,
      safetyState,
      safetySettings: core.config.safety,
      coordination,
    });
    return {
      core,
      operations,
      coordination,
      isUrgent: (text) => judging?.isUrgent(text) ?? false,
      safety,
      safetyState,
      people,
      ingress,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function understand(core: Core, text: string, session: OwnedSession | null) {
  if (session === null) return parseText(text, null, null);
  const worldId = session.view.world_id;
  const stored = await readStoredWorld(core.store, worldId);
  const world = stored === null ? createStarterWorld(worldId, toIso(0)) : decodeWorld(stored);
  return parseText(text, viewOf(world), session.lastEntity);
}
