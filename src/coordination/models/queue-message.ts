import { z } from 'zod';
import { IsoTime } from '../../contracts/identifiers.ts';
import { MessagePriority } from '../../contracts/priority.ts';
import { AgentMessage } from './message.ts';

export const FAILURE_TYPES = ['transient', 'timeout', 'permanent'] as const;
/** `transient` and `timeout` are retried, `permanent` never. */
export const FailureType = z.enum(FAILURE_TYPES);
export type FailureType = z.infer<typeof FailureType>;

/** The retry policy of one message, stamped at send: whoever consumes it applies the same one. */
export const RetryStamp = z.strictObject({
  /** Deliveries in all: `retry_attempts` + 1. */
  attempts: z.int().min(1).max(101),
  base_ms: z.number().min(0),
  factor: z.number().min(1),
  max_ms: z.number().min(0),
  jitter: z.number().min(0).max(1),
});
export type RetryStamp = z.infer<typeof RetryStamp>;

/** A message in a mailbox. */
export const QueueMessage = z
  .strictObject({
    message: AgentMessage,
    priority: MessagePriority,
    enqueued_at: IsoTime,
    /** One per accepted send, so that two messages of one id are told apart. */
    enqueue_id: z.uuid(),
    /** Counts nacks, not receives. */
    delivery_attempts: z.int().min(0).default(0),
    /** Reservations that expired. */
    stalls: z.int().min(0).default(0),
    last_error: z.string().nullable().default(null),
    retry: RetryStamp,
  })
  .meta({ id: 'QueueMessage' });
export type QueueMessage = z.infer<typeof QueueMessage>;

/** A reserved message. Whoever holds the token may settle it until the deadline. */
export const ReceivedMessage = z
  .strictObject({ token: z.string().min(1), queue_message: QueueMessage, visibility_deadline: IsoTime })
  .meta({ id: 'ReceivedMessage' });
export type ReceivedMessage = z.infer<typeof ReceivedMessage>;

export const DEAD_LETTER_REASONS = [
  'permanent_failure',
  'attempts_exhausted',
  'stalled',
  'invalid_envelope',
] as const;
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];

/** One failed delivery. */
export const FailedDelivery = z.strictObject({ at: IsoTime, failure: FailureType, error: z.string() });
export type FailedDelivery = z.infer<typeof FailedDelivery>;

/** A message that was given up, with why. */
export const DeadLetter = QueueMessage.extend({
  dead_lettered_at: IsoTime,
  failure: FailureType,
  reason: z.enum(DEAD_LETTER_REASONS),
  attempts: z.int().min(0),
  /** The last 10 failed deliveries, newest last. */
  history: z.array(FailedDelivery).max(10),
}).meta({ id: 'DeadLetter' });
export type DeadLetter = z.infer<typeof DeadLetter>;

/** Something in a mailbox that is no message: kept as it was found. */
export const UnreadableDeadLetter = z
  .strictObject({
    raw: z.string(),
    dead_lettered_at: IsoTime,
    failure: z.literal('permanent'),
    reason: z.literal('invalid_envelope'),
    attempts: z.int().min(0),
    history: z.array(FailedDelivery).max(10),
  })
  .meta({ id: 'UnreadableDeadLetter' });
export type UnreadableDeadLetter = z.infer<typeof UnreadableDeadLetter>;
