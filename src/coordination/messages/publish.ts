import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { CoordinationValidationError } from '../errors.ts';
import { keyParts } from '../keys.ts';
import {
  AgentId,
  agentIdText,
  canonicalAgentId,
  parseAgentIdText,
  type AgentIdInput,
} from '../models/agent-id.ts';
import { MessageSubscription, type AgentMessage, type MessageResult } from '../models/message.ts';
import { issuesOf, parseInput } from '../validate.ts';
import { asking } from './availability.ts';
import type { MessagingCore } from './core.ts';
import { sendChecked, sendTo } from './send.ts';

const MAX_RECIPIENTS = 1000;

const Filter = z.strictObject({
  topic: MessageSubscription.shape.topic,
  tags: MessageSubscription.shape.tags,
});
export type SubscriptionFilter = z.input<typeof Filter>;
const Wish = z.object({
  agent_id: MessageSubscription.shape.agent_id,
  message_types: MessageSubscription.shape.message_types,
  options: Filter,
});

/** Whether each is an agent is an outcome of its own. Errors: validation (invalid_input) */
export function checkRecipients(recipients: unknown): void {
  if (!Array.isArray(recipients) || recipients.length > MAX_RECIPIENTS)
    throw new CoordinationValidationError([
      { path: 'recipients', message: `expected a list of at most ${MAX_RECIPIENTS} agents` },
    ]);
}

/** Send a checked message to several mailboxes; one result each, in their order. */
export async function broadcastChecked(
  core: MessagingCore,
  message: AgentMessage,
  recipients: readonly unknown[],
): Promise<MessageResult[]> {
  const seen = new Map<string, Promise<MessageResult>>();
  return Promise.all(
    recipients.map(async (given) => {
      const recipient = AgentId.safeParse(given);
      if (!recipient.success) return invalid(message, recipient.error);
      const agent = canonicalAgentId(recipient.data);
      const before = seen.get(agentIdText(agent));
      const sending = sendAfter(core, { ...message, recipient: agent }, before);
      seen.set(agentIdText(agent), sending);
      return sending;
    }),
  );
}

/** A repeated recipient comes after the first one, so that it is the one called duplicate. */
async function sendAfter(
  core: MessagingCore,
  message: AgentMessage,
  before: Promise<MessageResult> | undefined,
): Promise<MessageResult> {
  const first = await before;
  if (first?.delivered === true) return { ...first, duplicate: true };
  return sendChecked(core, message);
}

function invalid(message: AgentMessage, error: z.ZodError): MessageResult {
  return {
    message_id: message.message_id,
    recipient: message.recipient,
    delivered: false,
    duplicate: false,
    error: issuesOf(error)
      .map(({ path, message: text }) => `${path || 'recipient'}: ${text}`)
      .join('; '),
    error_code: 'invalid_recipient',
  };
}

/**
 * Ask for published messages of these types. It is in force when this returns.
 * Errors: validation (invalid_input), redis_unavailable (unavailable)
 */
export async function subscribeAgent(
  core: MessagingCore,
  agent: AgentIdInput,
  messageTypes: readonly string[],
  filter: SubscriptionFilter = {},
): Promise<MessageSubscription> {
  const wish = parseInput(Wish, { agent_id: agent, message_types: messageTypes, options: filter });
  const { topic, tags } = wish.options;
  const subscription: MessageSubscription = {
    subscription_id: `sub_${randomBytes(6).toString('hex')}`,
    agent_id: wish.agent_id,
    message_types: wish.message_types,
    ...(topic === undefined ? {} : { topic }),
    ...(tags === undefined ? {} : { tags }),
  };
  const { keys, redis } = core;
  const id = subscription.subscription_id;
  await asking(core.redis, 'subscribe', () =>
    redis
      .multi()
      .hset(keys.subscriptions(...keyParts(agent)), id, JSON.stringify(subscription))
      .hset(keys.subscriptionIndex(), id, agentIdText(agent))
      .exec(),
  );
  return subscription;
}

/** @returns whether it was there */
export async function unsubscribeById(core: MessagingCore, subscriptionId: string): Promise<boolean> {
  const { keys, redis } = core;
  return asking(core.redis, 'unsubscribe', async () => {
    const agent = parseAgentIdText((await redis.hget(keys.subscriptionIndex(), subscriptionId)) ?? '');
    if (agent === undefined) return false;
    const removed = await redis
      .multi()
      .hdel(keys.subscriptions(...keyParts(agent)), subscriptionId)
      .hdel(keys.subscriptionIndex(), subscriptionId)
      .exec();
    return removed?.[0]?.[1] === 1;
  });
}

/** What deregistration does with the subscriptions of an agent. */
export async function dropSubscriptions(core: MessagingCore, agent: AgentIdInput): Promise<number> {
  const own = await subscriptionsOf(core, agent);
  const removed = await Promise.all(own.map((each) => unsubscribeById(core, each.subscription_id)));
  return removed.filter(Boolean).length;
}

/** Subscriptions of one agent, or of all. */
export async function subscriptionsOf(
  core: MessagingCore,
  agent?: AgentIdInput,
): Promise<MessageSubscription[]> {
  const { keys, redis } = core;
  const found = await asking(core.redis, 'list subscriptions', async () => {
    if (agent !== undefined) return redis.hvals(keys.subscriptions(...keyParts(agent)));
    const texts = new Set(await redis.hvals(keys.subscriptionIndex()));
    const agents = [...texts].flatMap((text) => parseAgentIdText(text) ?? []);
    const lists = await Promise.all(agents.map((each) => redis.hvals(keys.subscriptions(...keyParts(each)))));
    return lists.flat();
  });
  return found.flatMap((json) => {
    const subscription = MessageSubscription.safeParse(parsed(json));
    return subscription.success ? subscription.data : [];
  });
}

/** Send a checked message to every agent that asked for its kind, once each, and not back to its sender. */
export async function publishChecked(core: MessagingCore, message: AgentMessage): Promise<MessageResult[]> {
  const subscriptions = await subscriptionsOf(core);
  const sender = agentIdText(message.sender);
  const matching = subscriptions.filter((each) => isWanted(each, message)).map((each) => each.agent_id);
  const recipients = new Map(matching.map((agent) => [agentIdText(agent), canonicalAgentId(agent)]));
  recipients.delete(sender);
  return Promise.all(
    // Who subscribed gets it: nobody else is chosen, and one that is silent now finds it when it returns.
    [...recipients.values()].map((recipient) => sendTo(core, recipient, { ...message, recipient })),
  );
}

/** What somebody else put there is none. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function isWanted({ message_types, topic, tags }: MessageSubscription, message: AgentMessage): boolean {
  if (!message_types.includes(message.message_type)) return false;
  if (topic !== undefined && topic !== message.routing.topic) return false;
  return (tags ?? []).every((tag) => message.routing.tags.includes(tag));
}
