import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from 'bullmq';
import { z } from 'zod';
import { CoordinationUnavailableError, CoordinationValidationError } from '../errors.ts';
import { mailboxQueue } from '../keys.ts';
import { AgentId, canonicalAgentId, type AgentIdInput } from '../models/agent-id.ts';
import type { MessageResult } from '../models/message.ts';
import { DeadLetter, UnreadableDeadLetter } from '../models/queue-message.ts';
import { beginReplay, endReplay } from '../scripts/replay-entry.ts';
import { parseInput } from '../validate.ts';
import { asking, askScript } from './availability.ts';
import type { MessagingCore } from './core.ts';
import { finishAllDeadLetters, replayKeys } from './dead-letters.ts';
import { deposit } from './send.ts';
import { retryStamp } from './settings.ts';
import { jobIdOf } from './token.ts';

/** A replay that takes longer has died; the sweep looks what became of it. */
const REPLAY_MS = 5000;
const LOOK_AGAIN_MS = 50;
const PURGE_PAGE = 500;

const ListOptions = z.strictObject({
  offset: z.int().min(0).default(0),
  limit: z.int().min(1).max(500).default(100),
  newestFirst: z.boolean().default(false),
});
export type ListDeadLettersOptions = z.input<typeof ListOptions>;

const PurgeOptions = z.strictObject({ olderThanMs: z.int().min(0).default(0) });
export type PurgeOptions = z.input<typeof PurgeOptions>;

const Listing = z.object({ agent_id: AgentId, options: ListOptions });
const Purge = z.object({ agent_id: AgentId, options: PurgeOptions });

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
  const { offset, limit, newestFirst } = parseInput(Listing, { agent_id: agent, options }).options;
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
 * the end one entry at most. One at a time replays an entry; others wait and find that it is gone.
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
  const due = await begin(core, agent, id);
  const letters = await core.mailboxes.deadLetters(agent);
  const job = await asking(core.redis, 'read dead letter', () => letters.getJob(id));
  const letter = job === undefined ? undefined : entryOf(job)?.letter;
  if (letter === undefined || !('message' in letter)) {
    await end(core, agent, id, due, 'stays');
    if (letter === undefined) return null;
    throw new CoordinationValidationError([{ path: 'id', message: 'names something that is no message' }]);
  }
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
  // Whether an unknown outcome was a delivery, the sweep finds out.
  if (result.error_code === 'unknown_outcome') return result;
  const isSent = result.delivered && !result.duplicate;
  if (isSent) core.audit.writeQueued('replayed', agent, queued);
  await end(core, agent, id, due, isSent ? 'goes' : 'stays');
  return result;
}

/** Waits while somebody else replays the entry; one who died is given up after a while. */
async function begin(core: MessagingCore, agent: AgentIdInput, id: string): Promise<string> {
  const replays = core.keys.replays(mailboxQueue(agent));
  const until = Date.now() + 2 * REPLAY_MS;
  for (;;) {
    const due = await askScript(core.redis, beginReplay, [replays], [id, REPLAY_MS]);
    if (due !== null) return String(due);
    if (Date.now() > until) throw new CoordinationUnavailableError('replay', 'somebody else is at it');
    await sleep(LOOK_AGAIN_MS);
    await finishReplays(core, agent);
  }
}

async function end(
  core: MessagingCore,
  agent: AgentIdInput,
  id: string,
  due: string,
  entry: 'goes' | 'stays',
): Promise<void> {
  await askScript(core.redis, endReplay, replayKeys(core, agent, id), [id, due, entry === 'goes' ? 1 : 0]);
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
    core.redis.zrangebyscore(replays, 0, await redisNow(core), 'WITHSCORES'),
  );
  // Pairs or a flat list, by the protocol of the connection.
  const flat = overdue.flat();
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const [id, due] = [String(flat[at]), String(flat[at + 1])];
    await end(core, agent, id, due, (await isPosted(core, agent, id)) ? 'goes' : 'stays');
  }
}

/** Whether the message of an entry is in its mailbox, where it waits or is handled. */
async function isPosted(core: MessagingCore, agent: AgentIdInput, id: string): Promise<boolean> {
  const letters = await core.mailboxes.deadLetters(agent);
  const queue = await core.mailboxes.queue(agent);
  const entry = await asking(core.redis, 'read dead letter', () => letters.getJob(id));
  const letter = entry === undefined ? undefined : entryOf(entry)?.letter;
  if (letter === undefined || !('message' in letter)) return false;
  const jobId = jobIdOf(letter.message.message_id);
  const job = await asking(core.redis, 'read message', () => queue.getJob(jobId));
  const { enqueue_id: enqueueId } = Object(job?.data) as { enqueue_id?: unknown };
  return job?.finishedOn === undefined && enqueueId === letter.enqueue_id;
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
  const { olderThanMs } = parseInput(Purge, { agent_id: agent, options }).options;
  await finishAllDeadLetters(core, agent);
  const letters = await core.mailboxes.deadLetters(agent);
  const before = (await asking(core.redis, 'read the time', () => redisNow(core))) - olderThanMs;
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
