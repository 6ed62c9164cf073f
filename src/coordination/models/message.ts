import { z } from 'zod';
import { MessagePriority } from '../../contracts/priority.ts';
import { AgentId } from './agent-id.ts';
import { JsonObject } from './json.ts';

export const MESSAGE_TYPES = ['request', 'response', 'event'] as const;
export const MessageType = z.enum(MESSAGE_TYPES);
export type MessageType = z.infer<typeof MessageType>;

/** Printable ASCII without blanks, chosen by the sender: sending it again is safe. */
export const MessageId = z
  .string()
  .regex(/^[\x21-\x7e]{6,128}$/, 'expected 6 to 128 printable ASCII characters without blanks');

const Topic = z.string().min(1).max(128);
const Tags = z.array(z.string().min(1).max(64)).max(32);

/** What a message is about; subscriptions choose by it. */
export const RoutingKey = z
  .strictObject({ topic: Topic.nullable().default(null), tags: Tags.default([]) })
  .meta({ id: 'RoutingKey' });
export type RoutingKey = z.infer<typeof RoutingKey>;

/** What one agent tells another. `timestamp` is set at send when it is null. */
export const AgentMessage = z
  .strictObject({
    message_id: MessageId,
    sender: AgentId,
    recipient: AgentId,
    message_type: MessageType,
    payload: JsonObject.default({}),
    priority: MessagePriority.default(5),
    routing: RoutingKey.default({ topic: null, tags: [] }),
    timestamp: z.iso.datetime({ offset: true }).nullable().default(null),
  })
  .meta({ id: 'AgentMessage' });
export type AgentMessage = z.infer<typeof AgentMessage>;

/** A message as it may be given: what has a default may be left out. */
export type AgentMessageInput = z.input<typeof AgentMessage>;

export const SEND_ERROR_CODES = [
  'queue_full',
  'redis_unavailable',
  'unknown_outcome',
  'invalid_recipient',
] as const;
export type SendErrorCode = (typeof SEND_ERROR_CODES)[number];

/** What became of a send. `recipient` is the mailbox really used, after routing. */
export const MessageResult = z
  .strictObject({
    message_id: MessageId,
    recipient: AgentId,
    delivered: z.boolean(),
    duplicate: z.boolean().default(false),
    error: z.string().nullable().default(null),
    error_code: z.enum(SEND_ERROR_CODES).nullable().default(null),
  })
  .meta({ id: 'MessageResult' });
export type MessageResult = z.infer<typeof MessageResult>;

/** Which published messages an agent wants. */
export const MessageSubscription = z
  .strictObject({
    subscription_id: z.string().regex(/^sub_[0-9a-f]{12}$/, 'expected sub_ and 12 hex digits'),
    agent_id: AgentId,
    message_types: z
      .array(MessageType)
      .min(1)
      .max(MESSAGE_TYPES.length)
      .refine((types) => new Set(types).size === types.length, 'the types must differ'),
    topic: Topic.optional(),
    tags: Tags.optional(),
  })
  .meta({ id: 'MessageSubscription' });
export type MessageSubscription = z.infer<typeof MessageSubscription>;
