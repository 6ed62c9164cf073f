import { randomUUID } from 'node:crypto';
import { messageJobPriority } from '../../contracts/priority.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { CoordinationValidationError } from '../errors.ts';
import { agentIdText, canonicalAgentId, isSameAgent, type AgentId } from '../models/agent-id.ts';
import { AgentMessage, type AgentMessageInput, type MessageResult } from '../models/message.ts';
import type { QueueMessage } from '../models/queue-message.ts';
import { mailboxQueue } from '../keys.ts';
import { admitMessage } from '../scripts/admit-message.ts';
import { confirmMessage } from '../scripts/confirm-message.ts';
import { parseInput } from '../validate.ts';
import { asking, askScript, isUnavailable, isUnsent } from './availability.ts';
import type { MessagingCore } from './core.ts';
import { finishDeadLetter } from './dead-letters.ts';
import { MESSAGE_METRICS } from './metric-names.ts';
import { retryStamp } from './settings.ts';
import { jobIdOf } from './token.ts';

/** How long a sender may be away between admission and the mailbox before its place goes to another one. */
const TICKET_MS = 5000;
/** Somebody else moves the last message of this id to the dead letters; that takes moments. */
const LEFTOVER_ROUNDS = 60;
const LEFTOVER_PAUSE_MS = 40;

/**
 * Check a message, and complete it with the time.
 * Errors: validation (invalid_input), with every problem at once
 */
export function checkMessage(input: unknown, maxPayloadBytes: number, at = ''): AgentMessage {
  const message = parseInput(AgentMessage, input, at);
  const bytes = Buffer.byteLength(JSON.stringify(message.payload));
  if (bytes > maxPayloadBytes) {
    const path = at === '' ? 'payload' : `${at}.payload`;
    throw new CoordinationValidationError([
      { path, message: `is ${bytes} bytes as JSON, at most ${maxPayloadBytes} are allowed` },
    ]);
  }
  return { ...message, timestamp: message.timestamp ?? new Date().toISOString() };
}

/** `sendMessage`: sender and recipient must be those of the message. */
export function assertParties(sender: unknown, recipient: unknown, message: AgentMessageInput): void {
  const issues = [];
  const parties = { sender, recipient };
  for (const name of ['sender', 'recipient'] as const) {
    const given = parseInput(AgentMessage.shape[name], parties[name], name);
    const own = AgentMessage.shape[name].safeParse(message[name]);
    if (own.success && !isSameAgent(given, own.data))
      issues.push({ path: name, message: 'is another agent than in the message' });
  }
  if (issues.length > 0) throw new CoordinationValidationError(issues);
}

/** Put a checked message into the mailbox that is chosen for it; see {@link sendTo}. */
export async function sendChecked(core: MessagingCore, message: AgentMessage): Promise<MessageResult> {
  const agent = core.uncertain.mailboxOf(message) ?? (await route(core, message));
  const result = await sendTo(core, agent, message);
  core.uncertain.note(message, result);
  return result;
}

/**
 * Put a checked message into the mailbox of `agent`.
 *
 * 1. admission: a ticket within the limit, or a refusal
 * 2. BullMQ's add, which does nothing when the id is there already
 * 3. confirmation: whose message is it? The ticket goes, the audit is written
 *
 * It never throws: what went wrong is in the result. Sending the same id again is safe at any time.
 */
export async function sendTo(
  core: MessagingCore,
  agent: AgentId,
  message: AgentMessage,
): Promise<MessageResult> {
  const recipient = canonicalAgentId(agent);
  const now = new Date().toISOString();
  return deposit(core, recipient, {
    message: { ...message, recipient },
    priority: message.priority,
    enqueued_at: now,
    enqueue_id: randomUUID(),
    delivery_attempts: 0,
    stalls: 0,
    last_error: null,
    retry: retryStamp(core.settings()),
  });
}

/**
 * A choice that fails must not lose the message: it goes where it was addressed. So does an answer: it belongs to
 * who asked, and nobody else knows what to do with it.
 */
async function route(core: MessagingCore, { recipient, message_type }: AgentMessage): Promise<AgentId> {
  if (message_type === 'response') return recipient;
  try {
    return (await core.hooks.resolveRecipient?.(recipient)) ?? recipient;
  } catch (error) {
    core.logger.warn({ agent: agentIdText(recipient), err: error }, 'no recipient could be chosen');
    return recipient;
  }
}

/** Put a message with its envelope into the mailbox of `agent`; for what is sent again, too. */
export async function deposit(
  core: MessagingCore,
  agent: AgentId,
  queued: QueueMessage,
): Promise<MessageResult> {
  const { message_id } = queued.message;
  const result = (more: Partial<MessageResult>): MessageResult => ({
    message_id,
    recipient: agent,
    delivered: false,
    duplicate: false,
    error: null,
    error_code: null,
    ...more,
  });
  const outcome = await place(core, agent, queued);
  const text = agentIdText(agent);
  switch (outcome) {
    case 'sent':
      core.metrics.inc(MESSAGE_METRICS.delivered, { agent: text });
      return result({ delivered: true });
    case 'duplicate':
      core.metrics.inc(MESSAGE_METRICS.duplicates, { agent: text });
      return result({ delivered: true, duplicate: true });
    default:
      core.metrics.inc(MESSAGE_METRICS.deliveryErrors, { agent: text, reason: outcome });
      if (outcome === 'queue_full') core.audit.writeQueued('refused', agent, queued, outcome);
      return result({ error: ERROR_TEXTS[outcome], error_code: outcome });
  }
}

const ERROR_TEXTS = {
  queue_full: 'queue full',
  redis_unavailable: 'Redis cannot be reached; nothing was stored',
  unknown_outcome: 'the connection was lost meanwhile; sending the same message_id again is safe',
} as const;
type Outcome = 'sent' | 'duplicate' | keyof typeof ERROR_TEXTS;

async function place(core: MessagingCore, agent: AgentId, queued: QueueMessage): Promise<Outcome> {
  for (let round = 0; round < LEFTOVER_ROUNDS; round += 1) {
    const outcome = await placeOnce(core, agent, queued);
    if (outcome !== 'leftover') return outcome;
    if (round > 0) await sleep(LEFTOVER_PAUSE_MS);
    try {
      await finishDeadLetter(core, agent, jobIdOf(queued.message.message_id));
    } catch (error) {
      core.logger.warn({ err: error }, 'a dead letter could not be finished before its id is sent again');
      return 'redis_unavailable';
    }
  }
  return 'redis_unavailable';
}

async function placeOnce(
  core: MessagingCore,
  agent: AgentId,
  queued: QueueMessage,
): Promise<Outcome | 'leftover'> {
  const jobId = jobIdOf(queued.message.message_id);
  const ticket = `${jobId}|${queued.enqueue_id}`;
  let isWritten = false;
  try {
    const admission = await admit(core, agent, jobId, ticket);
    if (admission === 'full') return 'queue_full';
    if (admission === 'failed') return 'leftover';
    if (admission === 'admitted') {
      const queue = await core.mailboxes.queue(agent);
      isWritten = true;
      await asking(core.redis, 'add message', () =>
        queue.add('message', queued, {
          jobId,
          priority: messageJobPriority(queued.priority),
          attempts: Math.max(1, queued.retry.attempts - queued.delivery_attempts),
          backoff: { type: 'ao' },
          removeOnComplete: true,
          removeOnFail: false,
          stackTraceLimit: 10,
        }),
      );
    }
    return await confirm(core, agent, jobId, ticket, queued);
  } catch (error) {
    if (!isUnavailable(error)) core.logger.error({ err: error }, 'a message could not be stored');
    return isWritten && !isUnsent(error) ? 'unknown_outcome' : 'redis_unavailable';
  }
}

async function admit(core: MessagingCore, agent: AgentId, jobId: string, ticket: string): Promise<string> {
  const queue = mailboxQueue(agent);
  const { keys } = core;
  const key = (name: string): string => `${keys.prefix}:${queue}:${name}`;
  const answer = await askScript(
    core.redis,
    admitMessage,
    [
      keys.admission(queue),
      keys.mailboxes(),
      key(jobId),
      key('failed'),
      key('wait'),
      key('prioritized'),
      key('delayed'),
      key('active'),
    ],
    [core.settings().queueSize, jobId, ticket, TICKET_MS, key(''), agentIdText(agent)],
  );
  return String(answer);
}

async function confirm(
  core: MessagingCore,
  agent: AgentId,
  jobId: string,
  ticket: string,
  queued: QueueMessage,
): Promise<'sent' | 'duplicate' | 'leftover'> {
  const queue = mailboxQueue(agent);
  const { keys } = core;
  const key = (name: string): string => `${keys.prefix}:${queue}:${name}`;
  const { message, enqueue_id: enqueueId, delivery_attempts: attempts } = queued;
  const replyTo = answeredRequest(message);
  const maxLen = core.settings().auditMaxLen;
  const answer = await askScript(
    core.redis,
    confirmMessage,
    [keys.admission(queue), key(jobId), key('failed'), keys.messageAudit(), keys.reply(replyTo || '-')],
    [
      ticket,
      enqueueId,
      jobId,
      maxLen,
      keys.replyNotices(),
      replyTo,
      queue,
      ...(maxLen === 0 ? [] : core.audit.fields({ message, agent, enqueueId, attempts })),
    ],
  );
  const [outcome, isAudited] = answer as [string, number];
  if (isAudited === 0) core.audit.failed(new Error('Redis refused the entry'));
  if (outcome === 'failed') return 'leftover';
  return outcome === 'duplicate' ? 'duplicate' : 'sent';
}

/** The request that a response answers; empty for everything else. */
export function answeredRequest({ message_type, payload }: AgentMessage): string {
  const answered = payload['in_reply_to'];
  return message_type === 'response' && typeof answered === 'string' ? answered.slice(0, 128) : '';
}
