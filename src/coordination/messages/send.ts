import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CoordinationValidationError } from '../errors.ts';
import { AgentId, agentIdText, canonicalAgentId, isSameAgent } from '../models/agent-id.ts';
import { JsonObject } from '../models/json.ts';
import { AgentMessage, type AgentMessageInput, type MessageResult } from '../models/message.ts';
import type { QueueMessage } from '../models/queue-message.ts';
import { checkAll, issuesOf, parseInput } from '../validate.ts';
import { digestOf } from './audit-fields.ts';
import type { MessagingCore } from './core.ts';
import { finishDeadLetter } from './dead-letters.ts';
import { MESSAGE_METRICS } from './metric-names.ts';
import { postMessage, type PostOutcome } from './post.ts';
import { retryStamp } from './settings.ts';
import { jobIdOf } from './token.ts';

/** Somebody else moves the last message of this id to the dead letters; that takes moments. */
const LEFTOVER_ROUNDS = 60;
const LEFTOVER_PAUSE_MS = 40;

/**
 * Check a message, and complete it with the time.
 * Errors: validation (invalid_input), with every problem at once
 */
export function checkMessage(input: unknown, maxPayloadBytes: number, at = ''): AgentMessage {
  const { success, data, error } = AgentMessage.safeParse(input);
  const issues = success ? [] : issuesOf(error, at);
  const payload = success ? data.payload : JsonObject.safeParse(Object(input).payload).data;
  const bytes = payload === undefined ? 0 : digestOf(payload).bytes;
  if (bytes > maxPayloadBytes) {
    const path = at === '' ? 'payload' : `${at}.payload`;
    issues.push({ path, message: `is ${bytes} bytes as JSON, at most ${maxPayloadBytes} are allowed` });
  }
  if (!success || issues.length > 0) throw new CoordinationValidationError(issues);
  return { ...data, timestamp: data.timestamp ?? new Date().toISOString() };
}

/** `sendMessage`: sender and recipient must be those of the message. */
export function assertParties(sender: unknown, recipient: unknown, message: AgentMessageInput): void {
  const isParty = (given: unknown, name: 'sender' | 'recipient'): void => {
    const agent = parseInput(AgentId, given, name);
    const own = AgentId.safeParse(Object(message)[name]);
    if (own.success && !isSameAgent(agent, own.data))
      throw new CoordinationValidationError([
        { path: name, message: 'is another agent than in the message' },
      ]);
  };
  checkAll(
    () => isParty(sender, 'sender'),
    () => isParty(recipient, 'recipient'),
  );
}

/** Put a checked message into the mailbox that is chosen for it; see {@link sendTo}. */
export async function sendChecked(core: MessagingCore, message: AgentMessage): Promise<MessageResult> {
  const agent = core.uncertain.mailboxOf(message) ?? (await route(core, message));
  const result = await sendTo(core, agent, message);
  core.uncertain.note(message, result);
  return result;
}

/**
 * Put a checked message into the mailbox of `agent`, in one round trip.
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

async function place(
  core: MessagingCore,
  agent: AgentId,
  queued: QueueMessage,
): Promise<Exclude<PostOutcome, 'leftover'>> {
  for (let round = 0; round < LEFTOVER_ROUNDS; round += 1) {
    const outcome = await postMessage(core, agent, queued);
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
