import type { Queue } from 'bullmq';
import { isSafetyQueue, servesAgents } from '../../../queues/catalogue.ts';
import { longAgentType } from '../../contracts/agent-type.ts';
import { JOB_STATES, type JobState, type QueueView } from '../../contracts/operator.ts';
import { toBackendError } from '../../redis/script.ts';

/** Every queue as it stands. Errors: backend_unavailable. */
export async function listQueueViews(
  queues: ReadonlyMap<string, Queue>,
  nowMs: number,
): Promise<QueueView[]> {
  try {
    return await Promise.all([...queues].map(([name, queue]) => viewQueue(name, queue, nowMs)));
  } catch (error) {
    throw toBackendError(error, 'reading the queues');
  }
}

async function viewQueue(name: string, queue: Queue, nowMs: number): Promise<QueueView> {
  const [counts, paused, workers, oldest, completed, failed] = await Promise.all([
    queue.getJobCounts(...JOB_STATES),
    queue.isPaused(),
    queue.getWorkersCount(),
    oldestWaitingAt(queue),
    queue.getMetrics('completed', 0, 0),
    queue.getMetrics('failed', 0, 0),
  ]);
  return {
    name,
    agent_type: servesAgents(name) ? longAgentType(name) : null,
    paused,
    counts: Object.fromEntries(JOB_STATES.map((state) => [state, counts[state] ?? 0])) as Record<
      JobState,
      number
    >,
    oldest_waiting_s: oldest === null ? null : Math.max(0, (nowMs - oldest) / 1000),
    rate: { completed_per_min: completed.data[0] ?? 0, failed_per_min: failed.data[0] ?? 0 },
    workers,
    dlq: servesAgents(name) || isSafetyQueue(name) ? (counts['failed'] ?? 0) : 0,
  };
}

/** How many heads of the queue are compared: those of each priority class stand at the front of their class. */
const SAMPLE = 20;

/**
 * When the job that has waited longest was added: the oldest among the plain waiting ones, and among the first
 * and last prioritized ones, since a low class may be passed over for long.
 */
async function oldestWaitingAt(queue: Queue): Promise<number | null> {
  const [waiting, first, last] = await Promise.all([
    queue.getJobs(['waiting'], 0, 0, true),
    queue.getJobs(['prioritized'], 0, SAMPLE - 1, true),
    queue.getJobs(['prioritized'], 0, SAMPLE - 1, false),
  ]);
  const times = [...waiting, ...first, ...last].flatMap((job) => (job ? [job.timestamp] : []));
  return times.length === 0 ? null : Math.min(...times);
}
