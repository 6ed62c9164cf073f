import type { Queue } from 'bullmq';
import { isQueueName, QUEUE_NAMES } from '../../queues/catalogue.ts';
import { createBullBoard } from '../../dashboards/bull-board/board.ts';
import type { FleetOperations } from '../contracts/operations.ts';
import type { AgentOperations } from '../coordination/agents/operations.ts';
import type { MessageOperations } from '../coordination/messages/operations.ts';
import type { Readiness } from '../contracts/operator.ts';
import { callerOf } from '../http/exchange.ts';
import { createRedisStores } from '../http/redis-stores.ts';
import { HttpServer } from '../http/server.ts';
import { redact } from '../observability/redact.ts';
import type { EventBridge } from '../realtime/event-bridge.ts';
import { exportInterventions } from './open-safety-state.ts';
import type { Core } from './core.ts';
import { exportCircuits } from './fleet-breakers.ts';
import { fleetSecret } from './fleet-secret.ts';
import { createBoardQueues } from './board-queues.ts';
import { exportMessageGauges } from './message-gauges.ts';
import { startEventBridge } from './open-events.ts';
import { warnOfNoChannel } from './open-people.ts';
import { operateFleet, type OperatedFleet, type OperateOptions } from './operate-fleet.ts';
import { exportQueueGauges } from './queue-gauges.ts';
import { VERSION } from './version.ts';

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
              queues: QUEUE_NAMES.map((name) => core.queues.get(name)!),
              moreQueues: async () => [...customQueues(core), ...(await boardQueues.list())],
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

/** Of the types of agents that are known now. */
function customQueues({ queues }: Core): Queue[] {
  return [...queues].flatMap(([name, queue]) => (isQueueName(name) ? [] : [queue]));
}
