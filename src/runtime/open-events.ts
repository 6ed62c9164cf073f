import { createCoordinationKeys } from '../coordination/keys.ts';
import { EventBridge } from '../realtime/event-bridge.ts';
import { EventLog } from '../realtime/event-log.ts';
import type { Core } from './core.ts';

const HOUR_MS = 3_600_000;

export function openEventLog({ store, config }: Core): EventLog {
  const { stream_max_len, event_retention_hours } = config.realtime.events;
  return new EventLog(store, { maxLen: stream_max_len, retentionMs: event_retention_hours * HOUR_MS });
}

/** Copies what agents and circuits tell into the log, until it is stopped. */
export async function startEventBridge(core: Core): Promise<EventBridge> {
  const bridge = new EventBridge({
    log: openEventLog(core),
    agentEvents: createCoordinationKeys(core.config.redis.key_prefix).agentEvents(),
    circuits: core.circuits,
    subscriber: core.subscriber,
    waiting: await core.connections.open('agent-events', { onOutage: 'patient' }),
    logger: core.log,
  });
  bridge.start();
  return bridge;
}
