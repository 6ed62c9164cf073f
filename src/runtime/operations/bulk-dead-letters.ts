import type {
  BulkDeadLetters,
  DeadLetterFilter,
  DeadLetterOutcome,
  DeadLetterOutcomes,
} from '../../contracts/operations.ts';
import type { DeadLetter } from '../../contracts/operator.ts';
import { toFleetError, type FleetError } from '../../kernel/errors.ts';

const PAGE = 500;

/**
 * Do the same to many dead letters. Which ones is decided before any of them is touched: the newest that match, at most
 * `max`. The oldest of them goes first, as it was the first to fail. One that fails does not keep the others from their
 * turn; once Redis is away the rest is not tried.
 */
export async function onDeadLetters(
  list: (filter: DeadLetterFilter) => Promise<DeadLetter[]>,
  { filter, max, dryRun }: BulkDeadLetters,
  act: (dlqId: string) => Promise<{ job_id?: string }>,
): Promise<DeadLetterOutcomes> {
  const found = await collect(list, filter, max + 1);
  const ids = found.slice(0, max).toReversed();
  const more = found.length > max;
  if (dryRun) return { items: ids.map((dlqId) => ({ dlqId })), more };
  const items: DeadLetterOutcome[] = [];
  let away: FleetError | undefined;
  for (const dlqId of ids) {
    if (away === undefined) {
      const outcome = await attempt(dlqId, act);
      if (outcome.error?.kind === 'unavailable') away = outcome.error;
      items.push(outcome);
    } else items.push({ dlqId, error: away });
  }
  return { items, more };
}

async function attempt(
  dlqId: string,
  act: (dlqId: string) => Promise<{ job_id?: string }>,
): Promise<DeadLetterOutcome> {
  try {
    const { job_id: jobId } = await act(dlqId);
    return { dlqId, ...(jobId !== undefined && { jobId }) };
  } catch (error) {
    return { dlqId, error: toFleetError(error) };
  }
}

async function collect(
  list: (filter: DeadLetterFilter) => Promise<DeadLetter[]>,
  filter: BulkDeadLetters['filter'],
  most: number,
): Promise<string[]> {
  const ids: string[] = [];
  let after: DeadLetterFilter['after'];
  while (ids.length < most) {
    const limit = Math.min(PAGE, most - ids.length);
    const page = await list({ ...filter, limit, ...(after !== undefined && { after }) });
    ids.push(...page.map(({ dlq_id: id }) => id));
    const last = page.at(-1);
    if (last === undefined || page.length < limit) break;
    after = { at: Date.parse(last.dead_at), id: last.dlq_id };
  }
  return ids;
}
