import { randomUUID } from 'node:crypto';
import type { Job, JobJson } from 'bullmq';
import { z } from 'zod';
import { mailboxQueue } from '../keys.ts';
import { AgentId, agentIdText, type AgentIdInput } from '../models/agent-id.ts';
import { QueueMessage, type ReceivedMessage } from '../models/queue-message.ts';
import { STALLED_REASON } from '../scripts/recover-mailbox.ts';
import { setAside } from '../scripts/settle-leftovers.ts';
import { parseInput } from '../validate.ts';
import { asking, askScript } from './availability.ts';
import type { MessagingCore } from './core.ts';
import { finishDeadLetter } from './dead-letters.ts';
import { INVALID_ENVELOPE } from './failure.ts';
import { MESSAGE_METRICS } from './metric-names.ts';
import { takeJob } from './serve.ts';
import { toToken } from './token.ts';

export const VisibilityTimeout = z.int().min(50).max(43_200_000);

const ReceiveOptions = z.strictObject({
  /** How long the message stays invisible to others; at its end it may be delivered again. */
  visibilityTimeoutMs: VisibilityTimeout.optional(),
  /** How long to wait for a message when there is none. */
  waitMs: z.int().min(0).max(60_000).default(0),
});
export type ReceiveOptions = z.input<typeof ReceiveOptions> & { readonly signal?: AbortSignal };

/**
 * Reserve the next message of a mailbox: HIGH before NORMAL before LOW, the oldest first. Nobody else gets it
 * until the visibility timeout passes; then it may be delivered again, so whoever handles it must be idempotent.
 *
 * @returns null when nothing is due within `waitMs`, or the mailbox is paused
 * Errors: validation (invalid_input), redis_unavailable (unavailable)
 */
export async function receiveMessage(
  core: MessagingCore,
  agent: AgentIdInput,
  { signal, ...options }: ReceiveOptions = {},
): Promise<ReceivedMessage | null> {
  parseInput(AgentId, agent, 'agent_id');
  const { waitMs, visibilityTimeoutMs } = parseInput(ReceiveOptions, options, 'options');
  const visibleIn = visibilityTimeoutMs ?? core.settings().visibilityTimeoutMs;
  const until = Date.now() + waitMs;
  for (;;) {
    signal?.throwIfAborted();
    const received = await reserveNext(core, agent, visibleIn);
    if (received !== null) return received;
    const left = until - Date.now();
    if (left <= 0) return null;
    const { arrivals } = await core.mailboxes.receiver(agent);
    await arrivals.next(left, signal);
  }
}

/** One look, without waiting. */
export async function reserveNext(
  core: MessagingCore,
  agent: AgentIdInput,
  visibleInMs: number,
): Promise<ReceivedMessage | null> {
  await knowMailbox(core, agent);
  const { arrivals } = await core.mailboxes.receiver(agent);
  for (;;) {
    const lock = randomUUID();
    const deadline = Date.now() + visibleInMs;
    const job = await takeJob(core, agent, lock, visibleInMs);
    if (job === null) return null;
    arrivals.pass();
    const { id, json } = job;
    const queueMessage = json === undefined ? undefined : readStored(json);
    if (json !== undefined && queueMessage !== undefined && !json.deferredFailure)
      return hold(core, agent, { id, json, lock, queueMessage, deadline });
    await putAside(core, agent, lock, json?.deferredFailure ? STALLED_REASON : INVALID_ENVELOPE);
  }
}

/** A mailbox is on record from its first use, so that sweeps and lists need not search for it. */
const KNOWN = new WeakMap<object, Set<string>>();

async function knowMailbox(core: MessagingCore, agent: AgentIdInput): Promise<void> {
  const known = KNOWN.get(core.mailboxes) ?? new Set<string>();
  KNOWN.set(core.mailboxes, known);
  const text = agentIdText(agent);
  if (known.has(text)) return;
  await core.mailboxes.queue(agent);
  await asking(core.redis, 'record mailbox', () => core.redis.sadd(core.keys.mailboxes(), text));
  known.add(text);
}

/** The envelope with what BullMQ counts: nacks, expired reservations, the last error. */
export function readEnvelope(job: Pick<Job, 'data' | Counted>): QueueMessage | undefined {
  const parsed = QueueMessage.safeParse(job.data);
  if (!parsed.success) return undefined;
  const stored = parsed.data;
  return {
    ...stored,
    delivery_attempts: stored.delivery_attempts + job.attemptsMade,
    stalls: stored.stalls + job.stalledCounter,
    last_error: job.failedReason ?? stored.last_error,
  };
}

type Counted = 'attemptsMade' | 'stalledCounter' | 'failedReason';

/** The same of a job as it is stored; its data may be no JSON. */
function readStored({ data, attemptsMade, stalledCounter, failedReason }: JobJson): QueueMessage | undefined {
  try {
    return readEnvelope({ data: JSON.parse(data), attemptsMade, stalledCounter, failedReason });
  } catch {
    return undefined;
  }
}

async function putAside(
  core: MessagingCore,
  agent: AgentIdInput,
  lock: string,
  reason: string,
): Promise<void> {
  const key = (name: string): string => `${core.keys.prefix}:${mailboxQueue(agent)}:${name}`;
  const jobId = await askScript(
    core.redis,
    setAside,
    [key('active'), key('failed'), key('events')],
    [key(''), lock, reason],
  );
  if (typeof jobId === 'string') await finishDeadLetter(core, agent, jobId);
}

function hold(
  core: MessagingCore,
  agent: AgentIdInput,
  reserved: { id: string; json: JobJson; lock: string; queueMessage: QueueMessage; deadline: number },
): ReceivedMessage {
  const { id, json, lock, queueMessage, deadline } = reserved;
  const token = toToken({ queue: mailboxQueue(agent), jobId: id, lock });
  core.held.add(token, { agent, json, queueMessage, deadline });
  core.audit.writeQueued('received', agent, queueMessage);
  if (json.attemptsStarted <= 1) {
    const waitedMs = Math.max(0, Date.now() - Date.parse(queueMessage.enqueued_at));
    core.metrics.observe(MESSAGE_METRICS.waitSeconds, waitedMs / 1000, { agent: agentIdText(agent) });
  }
  return {
    token,
    queue_message: queueMessage,
    visibility_deadline: new Date(deadline).toISOString(),
  };
}
