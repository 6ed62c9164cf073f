import type { Queue } from 'bullmq';
import { isQueueName } from '../../../queues/catalogue.ts';
import type { COMPONENT_STATES, FleetStatus } from '../../contracts/status.ts';
import { ACTIVE_SESSION_MS } from '../../primitives/durable/admit-run.ts';
import { countOpenRuns } from '../../primitives/durable/open-runs.ts';
import { readServiceTimes, RUNS } from '../../primitives/durable/service-times.ts';
import { toBackendError } from '../../redis/script.ts';
import type { OperationsContext } from './context.ts';

const WINDOW_MINUTES = 60;
const REFUSING = 4;

/**
 * The fleet as Redis knows it. Costs the same however many runs and sessions there are.
 * Errors: backend_unavailable
 */
export async function fleetStatus({ workflows, queues }: OperationsContext): Promise<FleetStatus> {
  const { store, clock, settings } = workflows;
  const nowMs = clock.now();
  try {
    const [served, activeRuns, activeSessions, components] = await Promise.all([
      readServiceTimes(store, [RUNS], { nowMs, minutes: WINDOW_MINUTES }),
      countOpenRuns(store),
      store.redis.zcount(store.keys.activeSessions(), nowMs - ACTIVE_SESSION_MS, '+inf'),
      Promise.all([...queues].map(async ([name, queue]) => [name, await componentOf(queue)] as const)),
    ]);
    const { count, errors, totalMs, level } = served.get(RUNS)!;
    return {
      initialized: components.every(([name, { workers }]) => workers > 0 || !isQueueName(name)),
      active_sessions: activeSessions,
      active_runs: activeRuns,
      request_count: count,
      error_count: errors,
      error_rate: count === 0 ? 0 : errors / count,
      avg_processing_ms: count === 0 ? 0 : Math.round(totalMs / count),
      window_seconds: WINDOW_MINUTES * 60,
      degraded_level: activeRuns >= settings.maxOpenRuns ? REFUSING : level,
      // What answered is there.
      components: {
        redis: { status: 'ok' },
        ...Object.fromEntries<FleetStatus['components'][string]>(components),
      },
    };
  } catch (error) {
    throw toBackendError(error, 'reading the status of the fleet');
  }
}

interface QueueComponent {
  readonly status: (typeof COMPONENT_STATES)[number];
  readonly waiting: number;
  readonly workers: number;
}

async function componentOf(queue: Queue): Promise<QueueComponent> {
  const [counts, isPaused, workers] = await Promise.all([
    queue.getJobCounts('waiting', 'prioritized'),
    queue.isPaused(),
    queue.getWorkersCount(),
  ]);
  const waiting = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const status = isPaused ? 'paused' : workers === 0 ? 'no_workers' : 'ok';
  return { status, waiting, workers };
}
