import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { deadLetterQueue, mailboxQueue } from '../keys.ts';
import { agentIdText, type AgentIdInput } from '../models/agent-id.ts';
import {
  DeadLetter,
  QueueMessage,
  UnreadableDeadLetter,
  type DeadLetterReason,
} from '../models/queue-message.ts';
import { makeRoom } from '../scripts/replay-entry.ts';
import { dropClaim, removeFailed } from '../scripts/settle-leftovers.ts';
import { asking, askScript } from './availability.ts';
import type { MessagingCore } from './core.ts';
import { historyOf, INVALID_ENVELOPE, isStalled } from './failure.ts';
import { MESSAGE_METRICS } from './metric-names.ts';

/** Who moves a dead letter holds it this long; after a crash somebody else takes over. */
const CLAIM_MS = 2000;
const LOOK_AGAIN_MS = 50;
const LOOKED_AT = 100;

/**
 * From a failed message to a dead letter:
 *
 * 1. BullMQ's moveToFailed, or recover-mailbox: from here on the message is given up, whoever dies
 * 2. the entry, under an id made of the enqueue id, so that a second one changes nothing; but an older entry of the
 *    message that is being replayed goes before
 * 3. the failed message goes
 *
 * This does 2 and 3, for those that a crash left as well. One at a time does so for a message: otherwise a slow
 * second one would bring back an entry that was replayed or purged meanwhile.
 *
 * @returns whether this call finished it
 * Errors: redis_unavailable (unavailable)
 */
export async function finishDeadLetter(
  core: MessagingCore,
  agent: AgentIdInput,
  jobId: string,
): Promise<boolean> {
  const { redis, keys } = core;
  const queue = mailboxQueue(agent);
  const jobKey = `${keys.prefix}:${queue}:${jobId}`;
  const failedKey = `${keys.prefix}:${queue}:failed`;
  const claimKey = keys.deadLetterClaim(queue, jobId);
  const claim = randomUUID();
  const isOurs = await asking(core.redis, 'claim dead letter', () =>
    redis.set(claimKey, claim, 'PX', CLAIM_MS, 'NX'),
  );
  if (isOurs === null) return false;

  const [since, raw] = await asking(core.redis, 'read failed message', () =>
    Promise.all([redis.zscore(failedKey, jobId), redis.hgetall(jobKey)]),
  );
  if (since === null || raw['data'] === undefined) {
    await askScript(redis, dropClaim, [claimKey], [claim]);
    return false;
  }
  const { id, letter } = toDeadLetter(jobId, raw, Number(since));
  const letters = await core.mailboxes.deadLetters(agent);
  const isHeld = await askScript(redis, makeRoom, [...replayKeys(core, agent, id), claimKey], [id, claim]);
  if (isHeld !== 1) return false;
  await asking(core.redis, 'add dead letter', () =>
    letters.add('dead-letter', letter, { jobId: id, removeOnComplete: false, removeOnFail: false }),
  );
  const removed = await askScript(redis, removeFailed, [claimKey, failedKey, jobKey], [claim, jobId]);
  if (removed !== 1) return false;
  tell(core, agent, letter);
  return true;
}

/**
 * Finish whatever stands among the failed of a mailbox, except what somebody else is moving.
 * @returns the ids that are left
 */
export async function finishDeadLetters(core: MessagingCore, agent: AgentIdInput): Promise<string[]> {
  for (;;) {
    const ids = await listFailed(core, agent);
    let finished = 0;
    for (const id of ids) if (await finishDeadLetter(core, agent, id)) finished += 1;
    if (finished === 0) return ids;
  }
}

/**
 * The same for whoever looks at dead letters: returns when everything that was given up before the call has its
 * entry, also what another process is moving, or was when it died.
 */
export async function finishAllDeadLetters(core: MessagingCore, agent: AgentIdInput): Promise<void> {
  const others = new Set(await finishDeadLetters(core, agent));
  const until = Date.now() + 2 * CLAIM_MS;
  while (others.size > 0 && Date.now() < until) {
    await sleep(LOOK_AGAIN_MS);
    const left = new Set(await finishDeadLetters(core, agent));
    for (const id of others) if (!left.has(id)) others.delete(id);
  }
}

function listFailed(core: MessagingCore, agent: AgentIdInput): Promise<string[]> {
  const failedKey = `${core.keys.prefix}:${mailboxQueue(agent)}:failed`;
  return asking(core.redis, 'list failed messages', () =>
    core.redis.zrange(failedKey, 0, String(LOOKED_AT - 1)),
  );
}

/** What the scripts of replays need to know of an entry. */
export function replayKeys(core: MessagingCore, agent: AgentIdInput, id: string): string[] {
  const letters = `${core.keys.prefix}:${deadLetterQueue(agent)}:`;
  return [core.keys.replays(mailboxQueue(agent)), `${letters}wait`, `${letters}${id}`, `${letters}events`];
}

/** The id of an entry: the same for the same accepted send, however often it is made. */
export function deadLetterId(enqueueId: string): string {
  return `d-${enqueueId}`;
}

type Raw = Readonly<Record<string, string>>;

function toDeadLetter(
  jobId: string,
  raw: Raw,
  sinceMs: number,
): { id: string; letter: DeadLetter | UnreadableDeadLetter } {
  const at = new Date(sinceMs).toISOString();
  const history = historyOf(textList(raw['stacktrace']), at);
  const queued = QueueMessage.safeParse(parsed(raw['data']));
  if (!queued.success) {
    const attempts = Number(raw['atm'] ?? 0);
    const id = createHash('sha256').update(`${jobId} ${raw['timestamp']} ${raw['data']}`).digest('hex');
    const letter: UnreadableDeadLetter = {
      raw: raw['data'] ?? '',
      dead_lettered_at: at,
      failure: 'permanent',
      reason: INVALID_ENVELOPE,
      attempts,
      history,
    };
    return { id: `d-${id.slice(0, 32)}`, letter };
  }
  const attempts = queued.data.delivery_attempts + Number(raw['atm'] ?? 0);
  const reason = reasonOf(raw, attempts, queued.data.retry.attempts, history.at(-1)?.failure);
  const failure = reason === 'stalled' ? 'timeout' : (history.at(-1)?.failure ?? 'permanent');
  const letter: DeadLetter = {
    ...queued.data,
    delivery_attempts: attempts,
    stalls: queued.data.stalls + Number(raw['stc'] ?? 0),
    last_error: raw['failedReason'] ?? null,
    dead_lettered_at: at,
    failure: reason === 'permanent_failure' ? 'permanent' : failure,
    reason,
    attempts,
    history,
  };
  return { id: deadLetterId(queued.data.enqueue_id), letter };
}

function reasonOf(raw: Raw, attempts: number, allowed: number, last: string | undefined): DeadLetterReason {
  if (isStalled(raw['failedReason'])) return 'stalled';
  return last !== 'permanent' && attempts >= allowed ? 'attempts_exhausted' : 'permanent_failure';
}

function tell(core: MessagingCore, agent: AgentIdInput, letter: DeadLetter | UnreadableDeadLetter): void {
  const text = agentIdText(agent);
  const { reason, attempts } = letter;
  const messageId = 'message' in letter ? letter.message.message_id : null;
  core.metrics.inc(MESSAGE_METRICS.permanentFailures, { agent: text });
  core.logger.error({ agent: text, message_id: messageId, attempts, reason }, 'a message is a dead letter');
  if ('message' in letter) core.audit.writeQueued('dead_lettered', agent, letter, reason);
}

function textList(json: string | undefined): string[] {
  const list = parsed(json);
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
}

function parsed(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? 'null');
  } catch {
    return undefined;
  }
}
