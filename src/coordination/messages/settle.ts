import { Job, type Queue } from 'bullmq';
import { z } from 'zod';
import { mailboxQueue } from '../keys.ts';
import { AgentId, agentIdText, type AgentIdInput } from '../models/agent-id.ts';
import { FailureType, type QueueMessage } from '../models/queue-message.ts';
import { parseInput } from '../validate.ts';
import { asking, bullCode } from './availability.ts';
import type { MessagingCore } from './core.ts';
import { finishDeadLetter } from './dead-letters.ts';
import { DeliveryFailure } from './failure.ts';
import { MESSAGE_METRICS } from './metric-names.ts';
import { readEnvelope, VisibilityTimeout } from './reserve.ts';
import { ackJob, isGone } from './serve.ts';
import { readToken, type Receipt } from './token.ts';

const Nack = z.strictObject({
  failure: FailureType.default('transient'),
  /** Kept with the message, cut to 1024 characters. It must hold nothing of the payload. */
  error: z.string().default('not handled'),
});
export type NackOptions = z.input<typeof Nack>;

/**
 * The message is handled and gone for good.
 *
 * @param by  who handled it. Default: the agent of the mailbox
 * @returns false when the token is unknown, malformed, of another mailbox, settled already, or expired
 * Errors: validation (invalid_input), redis_unavailable (unavailable)
 */
export async function ackMessage(
  core: MessagingCore,
  agent: AgentIdInput,
  token: string,
  by: AgentIdInput = agent,
): Promise<boolean> {
  const receipt = receiptOf(agent, token);
  if (receipt === undefined) return false;
  const queueMessage = core.held.get(token)?.queueMessage ?? (await readReserved(core, agent, receipt));
  const isDone = await ackJob(core, agent, receipt.jobId, receipt.lock);
  core.held.drop(token);
  if (!isDone) return false;
  if (queueMessage !== undefined) core.audit.writeQueued('acked', agent, queueMessage);
  tellSettled(core, by, 'success');
  return true;
}

/**
 * The message could not be handled: it waits for its next attempt, or becomes a dead letter.
 *
 * @returns whether this call settled it
 * Errors: validation (invalid_input), redis_unavailable (unavailable)
 */
export async function nackMessage(
  core: MessagingCore,
  agent: AgentIdInput,
  token: string,
  options: NackOptions = {},
  by: AgentIdInput = agent,
): Promise<boolean> {
  const { failure, error } = parseInput(Nack, options, 'options');
  const receipt = receiptOf(agent, token);
  const job = receipt === undefined ? undefined : await findJob(core, agent, token, receipt);
  if (receipt === undefined || job === undefined) return false;
  const queueMessage = core.held.get(token)?.queueMessage ?? readEnvelope(job);
  const reason = new DeliveryFailure(failure, error);
  const isLast = failure === 'permanent' || job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
  const isDone = await settled(core, 'nack', () => job.moveToFailed(reason, receipt.lock, false));
  core.held.drop(token);
  if (!isDone) return false;
  if (queueMessage !== undefined) tellNack(core, agent, queueMessage, { reason, isLast, delayMs: job.delay });
  tellSettled(core, by, 'failure');
  if (isLast) await finishLater(core, agent, receipt.jobId);
  return true;
}

/**
 * Hold a message for another `ms` from now.
 *
 * @returns the new deadline, or null when the reservation is gone
 * Errors: validation (invalid_input), redis_unavailable (unavailable)
 */
export async function extendMessage(
  core: MessagingCore,
  agent: AgentIdInput,
  token: string,
  ms: number,
): Promise<string | null> {
  parseInput(VisibilityTimeout, ms, 'ms');
  const receipt = receiptOf(agent, token);
  if (receipt === undefined) return null;
  const queue = await core.mailboxes.queue(agent);
  const deadline = Date.now() + ms;
  const extended = await asking(core.redis, 'extend', () =>
    queue.getBackend().extendLock(receipt.jobId, receipt.lock, ms),
  );
  if (extended !== 1) return null;
  const held = core.held.get(token);
  if (held !== undefined) {
    held.deadline = deadline;
    core.audit.writeQueued('extended', agent, held.queueMessage);
  }
  return new Date(deadline).toISOString();
}

/**
 * Give a message back to the front of its band; no attempt is counted.
 *
 * @returns whether this call settled it
 * Errors: validation (invalid_input), redis_unavailable (unavailable)
 */
export async function releaseMessage(
  core: MessagingCore,
  agent: AgentIdInput,
  token: string,
): Promise<boolean> {
  const receipt = receiptOf(agent, token);
  if (receipt === undefined) return false;
  const queueMessage = core.held.get(token)?.queueMessage ?? (await readReserved(core, agent, receipt));
  const queue = await core.mailboxes.queue(agent);
  const isDone = await settled(core, 'release', () =>
    queue.getBackend().moveJobFromActiveToWait(receipt.jobId, receipt.lock),
  );
  core.held.drop(token);
  if (!isDone) return false;
  if (queueMessage !== undefined) core.audit.writeQueued('released', agent, queueMessage);
  await wake(core, queue);
  return true;
}

/** BullMQ tells nobody of a message that is put back before others; a paused mailbox wakes them for nothing. */
async function wake(core: MessagingCore, queue: Queue): Promise<void> {
  await core.redis.zadd(queue.toKey('marker'), 0, '0').catch(() => undefined);
}

/** The message of a reservation that another process made; undefined when it is gone, or no message. */
async function readReserved(
  core: MessagingCore,
  agent: AgentIdInput,
  { jobId }: Receipt,
): Promise<QueueMessage | undefined> {
  const queue = await core.mailboxes.queue(agent);
  const job = await asking(core.redis, 'read message', () => Job.fromId(queue, jobId));
  return job === undefined ? undefined : readEnvelope(job);
}

/** The job of a reservation; read from Redis when another process made it. */
async function findJob(
  core: MessagingCore,
  agent: AgentIdInput,
  token: string,
  { jobId }: Receipt,
): Promise<Job | undefined> {
  const queue = await core.mailboxes.queue(agent);
  const held = core.held.get(token);
  if (held !== undefined) return Job.fromJSON(queue, held.json, jobId);
  return asking(core.redis, 'read message', () => Job.fromId(queue, jobId));
}

function receiptOf(agent: AgentIdInput, token: string): Receipt | undefined {
  parseInput(AgentId, agent, 'agent_id');
  return readToken(token, mailboxQueue(agent));
}

/** Whether BullMQ settled it; false when the reservation is gone. */
async function settled(core: MessagingCore, what: string, settle: () => Promise<unknown>): Promise<boolean> {
  try {
    await asking(core.redis, what, settle);
    return true;
  } catch (error) {
    const code = bullCode(error);
    if (isGone(code)) return false;
    throw error;
  }
}

function tellNack(
  core: MessagingCore,
  agent: AgentIdInput,
  queued: QueueMessage,
  outcome: { reason: DeliveryFailure; isLast: boolean; delayMs: number },
): void {
  const labels = { agent: agentIdText(agent) };
  const now = { ...queued, delivery_attempts: queued.delivery_attempts + 1 };
  core.metrics.inc(MESSAGE_METRICS.nacks, labels);
  core.audit.writeQueued('nacked', agent, now, outcome.reason.message);
  if (outcome.isLast) return;
  core.metrics.inc(MESSAGE_METRICS.retries, labels);
  core.metrics.observe(MESSAGE_METRICS.backoffSeconds, outcome.delayMs / 1000, labels);
  core.audit.writeQueued('retry_scheduled', agent, now);
}

/** The message is settled, whatever a listener makes of it. */
function tellSettled(core: MessagingCore, agent: AgentIdInput, outcome: 'success' | 'failure'): void {
  try {
    core.hooks.onSettled?.(agent, outcome);
  } catch (error) {
    core.logger.warn({ err: error }, 'a listener of settled messages throws');
  }
}

/** The message is given up already; when Redis goes away now, the next sweep makes the entry. */
async function finishLater(core: MessagingCore, agent: AgentIdInput, jobId: string): Promise<void> {
  try {
    await finishDeadLetter(core, agent, jobId);
  } catch (error) {
    core.logger.warn({ agent: agentIdText(agent), err: error }, 'a dead letter is left to the next sweep');
  }
}
