import type { Queue } from 'bullmq';
import type { WhyReason } from '../contracts/why.ts';
import { toIso } from '../kernel/clock.ts';
import type { WorkflowContext } from './context.ts';

interface Found {
  readonly isPaused: boolean;
  readonly workers: number;
  readonly rateLimitMs: number;
  readonly isMaxed: boolean;
}

/** What is the matter with queues, each looked at once. */
export class QueueFacts {
  readonly #ctx: WorkflowContext;
  readonly #found = new Map<string, Promise<Found>>();

  constructor(ctx: WorkflowContext) {
    this.#ctx = ctx;
  }

  of(queue: Queue): Promise<Found> {
    const known = this.#found.get(queue.name) ?? look(queue);
    this.#found.set(queue.name, known);
    return known;
  }

  /** Why nobody takes jobs from the queue; empty when somebody does. */
  async blockers(queue: Queue): Promise<WhyReason[]> {
    const { isPaused, workers, rateLimitMs } = await this.of(queue);
    const subject = queue.name;
    const reasons: WhyReason[] = [];
    if (isPaused) {
      reasons.push({
        kind: 'queue_paused',
        subject,
        detail: `queue "${subject}" is paused`,
        what_changes_it: `somebody resumes queue "${subject}"`,
      });
    }
    if (workers === 0) {
      reasons.push({
        kind: 'no_worker',
        subject,
        detail: `queue "${subject}" has no worker`,
        what_changes_it: `a worker for queue "${subject}" starts`,
      });
    }
    if (rateLimitMs > 0) {
      reasons.push({
        kind: 'rate_limited',
        subject,
        until: toIso(this.#ctx.clock.now() + rateLimitMs),
        detail: `queue "${subject}" has reached its rate limit`,
        what_changes_it: 'time alone',
      });
    }
    return reasons;
  }

  /** Jobs that go before this one: those without a priority, then those of a higher or older one. */
  async jobsBefore(queue: Queue, jobId: string): Promise<number> {
    const { redis } = this.#ctx.store;
    const [rank, plain] = await Promise.all([
      redis.zrank(queue.toKey('prioritized'), jobId),
      queue.getJobCountByTypes('waiting'),
    ]);
    return rank === null ? Math.max(0, plain - 1) : plain + rank;
  }
}

async function look(queue: Queue): Promise<Found> {
  const [isPaused, workers, rateLimitMs, isMaxed] = await Promise.all([
    queue.isPaused(),
    queue.getWorkersCount(),
    queue.getRateLimitTtl(),
    queue.isMaxed(),
  ]);
  return { isPaused, workers, rateLimitMs, isMaxed };
}
