import type { Job } from 'bullmq';
import { z } from 'zod';
import { CoordinationValidationError } from '../errors.ts';
import { mailboxQueue } from '../keys.ts';
import { AgentId, canonicalAgentId, type AgentIdInput } from '../models/agent-id.ts';
import type { MessageResult } from '../models/message.ts';
import { DeadLetter, UnreadableDeadLetter } from '../models/queue-message.ts';
import { parseInput } from '../validate.ts';
import { asking } from './availability.ts';
import type { MessagingCore } from './core.ts';
import { finishAllDeadLetters } from './dead-letters.ts';
import { deposit } from './send.ts';
import { retryStamp } from './settings.ts';
import { jobIdOf } from './token.ts';

/** A replay that takes longer has died; the sweep looks what became of it. */
const REPLAY_MS = 5000;
const PURGE_PAGE = 500;

const ListOptions = z.strictObject({
  offset: z.int().min(0).default(0),
  limit: z.int().min(1).max(500).default(100),
  newestFirst: z.boolean().default(false),
});
export type ListDeadLettersOptions = z.input<typeof ListOptions>;

const PurgeOptions = z.strictObject({ olderThanMs: z.int().min(0).default(0) });
export type PurgeOptions = z.input<typeof PurgeOptions>;

export interface DeadLetterEntry {
  /** For replay and discard. */
  readonly id: string;
  readonly letter: DeadLetter | UnreadableDeadLetter;
}

/**
 * The dead letters of an agent, oldest first unless asked otherwise.
 * Errors: validation (invalid_input), redis_unavailable (unavailable)
 */
export async function listDeadLetters(
  core: MessagingCore,
  agent: AgentIdInput,
  options: ListDeadLettersOptions = {},
): Promise<DeadLetterEntry[]> {
  parseInput(AgentId, agent, 'agent_id');
  const { offset, limit, newestFirst } = parseInput(ListOptions, options, 'options');
  await finishAllDeadLetters(core, agent);
  const letters = await core.mailboxes.deadLetters(agent);
  const jobs = await asking(core.redis, 'list dead letters', () =>
    letters.getJobs(['waiting'], offset, offset + limit - 1, !newestFirst),
  );
  return jobs.flatMap((job) => entryOf(job) ?? []);
}

/** One dead letter; null when there is none. Errors: validation, redis_unavailable */
export async function readDeadLetter(
  core: MessagingCore,
  agent: AgentIdInput,
  id: string,
): Promise<DeadLetterEntry | null> {
  parseInput(AgentId, agent, 'agent_id');
  await finishAllDeadLetters(core, agent);
  const letters = await core.mailboxes.deadLetters(agent);
  const job = await asking(core.redis, 'read dead letter', () => letters.getJob(id));
  return job === undefined ? null : (entryOf(job) ?? null);
}

export async function countDeadLetters(core: MessagingCore, agent: AgentIdInput): Promise<number> {
  const letters = await core.mailboxes.deadLetters(agent);
  return asking(core.redis, 'count dead letters', () => letters.getWaitingCount());
}

/**
 * Send a dead letter again, as if for the first time: no attempts, no stalls, the policy of today. Its entry goes
 * only when it was delivered, and it keeps its enqueue id: whoever dies in between, there is one message and in
 * the end one entry at most.
 *
 * @returns null when there is no such entry; `duplicate` when another message of its id is in the mailbox, in which
 *   case the entry stays
 * Errors: validation (invalid_input) for an entry that is no message, redis_unavailable (unavailable)
 */
export async function replayDeadLetter(
  core: MessagingCore,
  agent: AgentIdInput,
  id: string,
): Promise<MessageResult | null> {
  parseInput(AgentId, agent, 'agent_id');
  await finishAllDeadLetters(core, agent);
  const letters = await core.mailboxes.deadLetters(agent);
  const job = await asking(core.redis, 'read dead letter', () => letters.getJob(id));
  const letter = job === undefined ? undefined : entryOf(job)?.letter;
  if (letter === undefined) return null;
  if (!('message' in letter))
    throw new CoordinationValidationError([{ path: 'id', message: 'names something that is no message' }]);

  const replays = core.keys.replays(mailboxQueue(agent));
  await asking(core.redis, 'begin replay', async () =>
    core.redis.zadd(replays, (await redisNow(core)) + REPLAY_MS, id),
  );
  const { message, priority, enqueue_id } = letter;
  const queued = {
    message,
    priority,
    enqueue_id,
    retry: retryStamp(core.settings()),
    enqueued_at: new Date().toISOString(),
    delivery_attempts: 0,
    stalls: 0,
    last_error: null,
  };
  const result = await deposit(core, canonicalAgentId(agent), queued);
  if (!result.delivered) {
    // Whether an unknown outcome was a delivery, the sweep finds out.
    if (result.error_code !== 'unknown_outcome')
      await asking(core.redis, 'end replay', () => core.redis.zrem(replays, id));
    return result;
  }
  // Another message of this id is in the mailbox: this one was not sent.
  if (result.duplicate) {
    await asking(core.redis, 'end replay', () => core.redis.zrem(replays, id));
    return result;
  }
  core.audit.writeQueued('replayed', agent, queued);
  await asking(core.redis, 'remove dead letter', () => letters.remove(id));
  await asking(core.redis, 'end replay', () => core.redis.zrem(replays, id));
  return result;
}

/**
 * What replays left behind whose process died: an entry whose message is in its mailbox goes. One whose message is
 * not there stays: it was not sent, or was sent and handled, and nobody can tell any more.
 */
export async function finishReplays(core: MessagingCore, agent: AgentIdInput): Promise<void> {
  const replays = core.keys.replays(mailboxQueue(agent));
  const open = await asking(core.redis, 'list replays', () => core.redis.zcard(replays));
  if (open === 0) return;
  const overdue = await asking(core.redis, 'list replays', async () =>
    core.redis.zrangebyscore(replays, 0, await redisNow(core)),
  );
  if (overdue.length === 0) return;
  const letters = await core.mailboxes.deadLetters(agent);
  const queue = await core.mailboxes.queue(agent);
  for (const id of overdue) {
    const entry = await letters.getJob(id);
    const letter = entry === undefined ? undefined : entryOf(entry)?.letter;
    if (letter !== undefined && 'message' in letter) {
      const job = await queue.getJob(jobIdOf(letter.message.message_id));
      const data: unknown = job?.data;
      const isSent =
        typeof data === 'object' &&
        data !== null &&
        'enqueue_id' in data &&
        data.enqueue_id === letter.enqueue_id;
      if (isSent && job?.finishedOn === undefined) await letters.remove(id);
    }
    await core.redis.zrem(replays, id);
  }
}

/**
 * Remove one dead letter for good.
 * @returns whether it was there
 */
export async function discardDeadLetter(
  core: MessagingCore,
  agent: AgentIdInput,
  id: string,
): Promise<boolean> {
  parseInput(AgentId, agent, 'agent_id');
  await finishAllDeadLetters(core, agent);
  const letters = await core.mailboxes.deadLetters(agent);
  const job = await asking(core.redis, 'read dead letter', () => letters.getJob(id));
  if (job === undefined) return false;
  return removeEntry(core, agent, job);
}

/**
 * Remove the dead letters of an agent for good, all or those older than `olderThanMs`.
 * @returns how many this call removed
 */
export async function purgeDeadLetters(
  core: MessagingCore,
  agent: AgentIdInput,
  options: PurgeOptions = {},
): Promise<number> {
  parseInput(AgentId, agent, 'agent_id');
  const { olderThanMs } = parseInput(PurgeOptions, options, 'options');
  await finishAllDeadLetters(core, agent);
  const letters = await core.mailboxes.deadLetters(agent);
  const before = Date.now() - olderThanMs;
  let removed = 0;
  let kept = 0;
  for (;;) {
    const jobs = await asking(core.redis, 'list dead letters', () =>
      letters.getJobs(['waiting'], kept, kept + PURGE_PAGE - 1, true),
    );
    for (const job of jobs) {
      const at = entryOf(job)?.letter.dead_lettered_at;
      const isOld = at === undefined || Date.parse(at) <= before;
      if (isOld && (await removeEntry(core, agent, job))) removed += 1;
      else if (!isOld) kept += 1;
    }
    if (jobs.length < PURGE_PAGE) return removed;
  }
}

async function removeEntry(core: MessagingCore, agent: AgentIdInput, job: Job): Promise<boolean> {
  const letters = await core.mailboxes.deadLetters(agent);
  const removed = await asking(core.redis, 'remove dead letter', () => letters.remove(job.id ?? ''));
  if (removed !== 1) return false;
  const letter = entryOf(job)?.letter;
  if (letter !== undefined && 'message' in letter) core.audit.writeQueued('purged', agent, letter);
  return true;
}

/** Processes compare times; only one clock will do. */
async function redisNow(core: MessagingCore): Promise<number> {
  const [seconds, micros] = await core.redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

function entryOf(job: Job): DeadLetterEntry | undefined {
  const letter = z.union([DeadLetter, UnreadableDeadLetter]).safeParse(job.data);
  return letter.success ? { id: job.id ?? '', letter: letter.data } : undefined;
}
