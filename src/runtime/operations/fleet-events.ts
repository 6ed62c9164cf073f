import type { FleetEventFilter, FleetEventOperations } from '../../contracts/fleet-event.ts';
import type { RunNotices } from '../../events/run-notices.ts';
import type { EventLog } from '../../realtime/event-log.ts';
import { followLog } from '../../realtime/follow-log.ts';
import { newsOrTimeout } from './runs.ts';

/** What happened to the fleet, from its log. */
export function fleetEventOperations(log: EventLog, notices: RunNotices): FleetEventOperations {
  return {
    async listFleetEvents(filter, { after, limit }) {
      if (after === undefined) return { items: await log.newest(filter, limit), next: null };
      const { items, place, isEnd } = await log.after(after, filter, limit);
      return { items, next: isEnd ? null : place };
    },
    fleetEvents: (filter, options) => follow(log, notices, filter, options),
  };
}

async function* follow(
  log: EventLog,
  notices: RunNotices,
  filter: FleetEventFilter,
  { after, signal }: { after?: string; signal: AbortSignal },
) {
  let heard = Promise.withResolvers<void>();
  const stop = await notices.watchFleet(() => heard.resolve());
  const news = async (): Promise<void> => {
    await newsOrTimeout(heard.promise, signal);
    heard = Promise.withResolvers<void>();
  };
  try {
    yield* followLog(log, filter, { signal, news, ...(after !== undefined && { after }) });
  } finally {
    stop();
  }
}
