import type { CoordinationCore } from '../core.ts';
import { mailboxQueue } from '../keys.ts';
import { asking } from '../messages/availability.ts';
import type { AgentId } from '../models/agent-id.ts';

export interface WaitQuestion {
  readonly agent: AgentId;
  readonly durationMs: number | null;
  readonly concurrency: number;
}

/** BullMQ's places of messages, with the command that counts them. */
const PLACES = [
  ['wait', 'llen'],
  ['prioritized', 'zcard'],
  ['delayed', 'zcard'],
  ['active', 'llen'],
] as const;

/**
 * How long a new message would wait for each of these agents: the messages in its own mailbox, times the duration,
 * over how many it works on at once. Null where the duration or the mailbox is not known; one round trip for all.
 * Errors: redis_unavailable (unavailable)
 */
export async function estimatedWaits(
  { redis, keys }: CoordinationCore,
  questions: readonly WaitQuestion[],
): Promise<(number | null)[]> {
  if (questions.every(({ durationMs }) => durationMs === null)) return questions.map(() => null);
  const pipeline = redis.pipeline();
  for (const { agent } of questions)
    for (const [place, count] of PLACES) pipeline[count](`${keys.prefix}:${mailboxQueue(agent)}:${place}`);
  const answers = await asking(redis, 'count messages', () => pipeline.exec());
  return questions.map(({ durationMs, concurrency }, index) => {
    const own = answers?.slice(index * PLACES.length, (index + 1) * PLACES.length) ?? [];
    const counts = own.map(([error, count]) => (error === null ? Number(count) : Number.NaN));
    const depth = counts.reduce((sum, count) => sum + count, 0);
    if (durationMs === null || !Number.isFinite(depth)) return null;
    return Math.round((depth * durationMs) / concurrency);
  });
}
