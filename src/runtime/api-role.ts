import { createBullBoard } from '../../dashboards/bull-board/board.ts';
import { parseText } from '../agents/ipa/parse.ts';
import type { FleetOperations } from '../contracts/operations.ts';
import type { AgentOperations } from '../coordination/agents/operations.ts';
import type { MessageOperations } from '../coordination/messages/operations.ts';
import type { Readiness } from '../contracts/operator.ts';
import { toIso } from '../kernel/clock.ts';
import { RunNotices } from '../events/run-notices.ts';
import { callerOf } from '../http/exchange.ts';
import { createRedisStores } from '../http/redis-stores.ts';
import { HttpServer } from '../http/server.ts';
import { redact } from '../observability/redact.ts';
import type { EventBridge } from '../realtime/event-bridge.ts';
import type { SafetyParts } from '../safety/ports.ts';
import type { OwnedSession } from '../sessions/session-store.ts';
import { createStarterWorld } from '../sessions/world/starter-world.ts';
import { viewOf } from '../sessions/world/view.ts';
import { decodeWorld, readStoredWorld } from '../sessions/world-codec.ts';
import { exportInterventions, openSafetyState, type SafetyState } from './open-safety-state.ts';
import { openCore, type Core, type CoreOptions } from './core.ts';
import { exportCircuits } from './fleet-breakers.ts';
import { fleetSecret } from './fleet-secret.ts';
import { createBoardQueues } from './board-queues.ts';
import { exportMessageGauges } from './message-gauges.ts';
import { openCoordination, type FleetCoordination } from './open-coordination.ts';
import { createIngress, type Ingress } from './operations/ingress.ts';
import { openEventLog, startEventBridge } from './open-events.ts';
import { openSafetyRoom, type SafetyRoom } from './open-safety-room.ts';
import {
  lazily,
  peopleCaller,
  openPeople,
  tellOfWritten,
  warnOfNoChannel,
  type People,
} from './open-people.ts';
import { createOperations } from './operations/operations.ts';
import { exportQueueGauges } from './queue-gauges.ts';
import { screenOf } from './safety-hooks.ts';
import { safetyParts } from './safety-parts.ts';
import { VERSION } from './version.ts';

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

export interface ApiRole extends OperatedFleet {
  readonly url: string;
  readonly boardUrl: string | null;
}

/** The HTTP API with Bull Board, metrics and the operations behind them. Errors: address_in_use. */
export async function startApiRole(options: OperateOptions): Promise<ApiRole> {
  const fleet = await operateFleet(options);
  const { core } = fleet;
  const { config, metrics, log } = core;
  let bridge: EventBridge | undefined;
  try {
    if (config.safety.enabled) await fleet.safety();
    else {
      metrics.safety_enabled.set({}, 0);
      log.warn({}, 'safety is switched off: no text is judged (safety.enabled)');
    }
    await fleet.ingress();
    exportInterventions(core, fleet.safetyState);
    await fleet.safetyState.start();
    // What is wrong with its protocols stops the start.
    warnOfNoChannel(core, await fleet.people());
    exportQueueGauges(core, fleet.people);
    exportCircuits(core.circuits, metrics);
    exportMessageGauges(core, fleet.coordination);
    metrics.onScrape(() => fleet.coordination.registry.collectAgentGauges());
    // What earlier processes lost is put back, and mailboxes that nobody serves are looked after.
    await fleet.coordination.start();
    bridge = await startEventBridge(core);
    let draining = false;
    const operations: FleetOperations & MessageOperations & AgentOperations = {
      ...fleet.operations,
      readiness: async (): Promise<Readiness> =>
        draining ? { status: 'draining', checks: [] } : fleet.operations.readiness(),
    };
    const basePath = config.http.bull_board_path;
    const boardQueues = createBoardQueues(core, fleet.coordination.coordinator);
    const server = new HttpServer({
      config,
      operations,
      metrics,
      log,
      stores: createRedisStores(core.store.redis, core.store.keys, config),
      cursorKey: await fleetSecret(core.store),
      version: VERSION,
      isUrgent: fleet.isUrgent,
      ...(config.features.bull_board
        ? {
            boardHandler: createBullBoard({
              queues: [...core.queues.values()],
              moreQueues: () => boardQueues.list(),
              basePath,
              redact,
              callerOf,
            }),
          }
        : {}),
    });
    await server.start();
    const url = server.address.url;
    return {
      core,
      operations,
      coordination: fleet.coordination,
      isUrgent: fleet.isUrgent,
      safety: fleet.safety,
      safetyState: fleet.safetyState,
      people: fleet.people,
      ingress: fleet.ingress,
      url,
      boardUrl: config.features.bull_board ? `${url}${basePath}` : null,
      async close() {
        draining = true;
        // Load balancers see the readiness first; new requests stop afterwards.
        await new Promise((resolve) => setTimeout(resolve, config.shutdown.drain_delay * 1000));
        await server.stop(Math.max(1, config.shutdown.grace - config.shutdown.drain_delay) * 1000);
        await boardQueues.close();
        await bridge?.stop();
        await fleet.close();
      },
    };
  } catch (error) {
    await bridge?.stop();
    await fleet.close();
    throw error;
  }
}
