import type { Queue } from 'bullmq';
import { runScript } from '../../redis/script.ts';
import { agentIdText, type AgentId } from '../models/agent-id.ts';
import type { AgentMessage } from '../models/message.ts';
import type { QueueMessage } from '../models/queue-message.ts';
import { postMessages } from '../scripts/post-messages.ts';
import { AUDIT_FIELDS, auditValues } from './audit-fields.ts';
import { asking, isUnavailable, isUnsent } from './availability.ts';
import { Batch } from './batch.ts';
import type { MessagingCore } from './core.ts';
import { formOf, type JobForm } from './job-form.ts';
import { jobIdOf } from './token.ts';

/** Messages that one step of Redis takes in, and how long their texts may be together: others wait meanwhile. */
const MOST_AT_ONCE = 25;
const LONGEST_AT_ONCE = 262_144;

/** `leftover`: the last message of this id is not yet a dead letter. */
export type PostOutcome =
  | 'sent'
  | 'duplicate'
  | 'queue_full'
  | 'leftover'
  | 'redis_unavailable'
  | 'unknown_outcome';

interface Letter {
  readonly queued: QueueMessage;
  readonly json: string;
}

/** By the queue of the mailbox. */
const POSTS = new WeakMap<Queue, Batch<Letter, PostOutcome>>();

/**
 * Put a message with its envelope into the mailbox of `agent`; those that are posted in the same turn go together.
 * It does not throw: what went wrong is the outcome.
 */
export async function postMessage(
  core: MessagingCore,
  agent: AgentId,
  queued: QueueMessage,
): Promise<PostOutcome> {
  let queue: Queue;
  try {
    queue = await core.mailboxes.queue(agent);
  } catch (error) {
    return outcomeOfFailure(core, error, false);
  }
  const known = POSTS.get(queue);
  const post = known ?? openPost(core, agent, queue);
  if (known === undefined) POSTS.set(queue, post);
  return post.ask({ queued, json: JSON.stringify(queued) });
}

function openPost(core: MessagingCore, agent: AgentId, queue: Queue): Batch<Letter, PostOutcome> {
  return new Batch((letters) => postAll(core, agent, queue, letters), {
    most: MOST_AT_ONCE,
    heaviest: LONGEST_AT_ONCE,
    weigh: ({ json }) => json.length,
  });
}

async function postAll(
  core: MessagingCore,
  agent: AgentId,
  queue: Queue,
  letters: readonly Letter[],
): Promise<PostOutcome[]> {
  let isWritten = false;
  try {
    const { keys, args } = postCall(core, agent, queue, letters);
    const outcomes = await asking(core.redis, 'send', () => {
      isWritten = true;
      return runScript(core.redis, postMessages, keys, args);
    });
    // The script answers a text for each.
    return (outcomes as string[]).map((outcome) => toOutcome(core, outcome));
  } catch (error) {
    const outcome = outcomeOfFailure(core, error, isWritten);
    return letters.map(() => outcome);
  }
}

function toOutcome(core: MessagingCore, outcome: string): PostOutcome {
  switch (outcome) {
    case 'sent':
    case 'duplicate':
      return outcome;
    case 'unaudited':
      core.audit.failed(new Error('Redis refused the entry'));
      return 'sent';
    case 'full':
      return 'queue_full';
    case 'failed':
      return 'leftover';
    default:
      return outcomeOfFailure(core, new Error(outcome), true);
  }
}

function outcomeOfFailure(core: MessagingCore, error: unknown, isWritten: boolean): PostOutcome {
  if (!isUnavailable(error)) core.logger.error({ err: error }, 'a message could not be stored');
  return isWritten && !isUnsent(error) ? 'unknown_outcome' : 'redis_unavailable';
}

/** Keys and arguments of {@link postMessages}. */
export function postCall(
  core: MessagingCore,
  agent: AgentId,
  queue: Queue,
  letters: readonly Letter[],
): { keys: string[]; args: (string | Buffer)[] } {
  const { keys } = core;
  const { queueSize, auditMaxLen } = core.settings();
  const forms: JobForm[] = [];
  const messages = [];
  const ownKeys: string[] = [];
  for (const { queued } of letters) {
    const form = formOf(queue, queued);
    if (!forms.includes(form)) forms.push(form);
    const { message, enqueue_id: enqueueId, delivery_attempts: attempts } = queued;
    const id = jobIdOf(message.message_id);
    const answered = answeredRequest(message);
    const values = auditMaxLen === 0 ? [] : auditValues({ message, agent, enqueueId, attempts });
    messages.push([forms.indexOf(form) + 1, id, enqueueId, answered, values]);
    ownKeys.push(queue.toKey(id), keys.reply(queue.name, answered || '-'));
  }
  const now = Date.now();
  const batch = {
    queue_size: queueSize,
    mailbox: agentIdText(agent),
    audit_length: auditMaxLen,
    reply_channel: keys.replyNotices(),
    at: new Date(now).toISOString(),
    now,
    forms: forms.length,
    names: AUDIT_FIELDS,
    messages,
  };
  return {
    keys: [
      ...forms[0]!.keys,
      keys.mailboxes(),
      queue.toKey('failed'),
      queue.toKey('wait'),
      keys.messageAudit(),
      ...ownKeys,
    ],
    args: [
      JSON.stringify(batch),
      ...forms.flatMap((form) => [form.arguments, form.options]),
      ...letters.map(({ json }) => json),
    ],
  };
}

/** The request that a response answers; empty for everything else. */
export function answeredRequest({ message_type, payload }: AgentMessage): string {
  const answered = payload['in_reply_to'];
  return message_type === 'response' && typeof answered === 'string' ? answered.slice(0, 128) : '';
}
