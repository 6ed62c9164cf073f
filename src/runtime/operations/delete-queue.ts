import type { Queue } from 'bullmq';
import { isQueueName } from '../../../queues/catalogue.ts';
import { FleetError } from '../../kernel/errors.ts';
import { nearest } from '../../kernel/suggest.ts';
import type { OperationsContext } from './context.ts';

/** What must not be lost with a queue. Jobs that are done are. */
const KEPT_STATES = ['waiting', 'prioritized', 'active', 'delayed', 'waiting-children', 'failed'] as const;

/**
 * Forget a type of agents that nobody serves any more, with its queue. Nothing that was accepted is lost: its jobs and dead
 * letters are gone first. A worker that comes back with the type makes it known again.
 *
 * Errors: queue_not_found (not_found), queue_in_use (conflict) with what is in the way
 */
export async function deleteQueue(
  { agentTypes, queues }: Pick<OperationsContext, 'agentTypes' | 'queues'>,
  name: string,
): Promise<void> {
  if (isQueueName(name)) throw inUse(name, 'it belongs to the fleet itself');
  await agentTypes.refresh();
  const queue = queues.get(name) ?? notFound(name, [...queues.keys()]);
  const reasons = await whatIsIn(queue);
  if (reasons.length > 0) throw inUse(name, reasons.join(', '));
  await agentTypes.forget(name);
  // What was added since stays where it is, until the type is known again.
  await queue.clean(0, 0, 'completed');
}

async function whatIsIn(queue: Queue): Promise<string[]> {
  const [counts, workers] = await Promise.all([queue.getJobCounts(...KEPT_STATES), queue.getWorkersCount()]);
  const jobs = Object.entries(counts).flatMap(([state, count]) =>
    count === 0 ? [] : [`${state}: ${count}`],
  );
  return [...(workers === 0 ? [] : [`workers: ${workers}`]), ...jobs];
}

function notFound(name: string, known: readonly string[]): never {
  const meant = nearest(name, known);
  throw new FleetError({
    code: 'queue_not_found',
    kind: 'not_found',
    message: `there is no queue "${name}"${meant === undefined ? '' : `; did you mean "${meant}"?`}`,
  });
}

function inUse(name: string, why: string): FleetError {
  return new FleetError({
    code: 'queue_in_use',
    kind: 'conflict',
    retryable: false,
    message: `queue "${name}" cannot be deleted: ${why}`,
  });
}
