import { z } from 'zod';
import { IsoTime } from '../../contracts/identifiers.ts';
import { AgentId, AgentIdText, AgentInstance, AgentType, type AgentIdInput } from '../models/agent-id.ts';
import { AgentMessage, type AgentMessageInput, type MessageResult } from '../models/message.ts';

/** What can be asked of a fleet about messages, with the shapes that HTTP, the client and the CLI share. */

const MAX_RECIPIENTS = 1000;

/** What is in a mailbox now. */
export const MailboxView = z
  .strictObject({
    /** `type:instance`. */
    agent_id: AgentIdText,
    agent_type: AgentType,
    instance: AgentInstance,
    paused: z.boolean(),
    counts: z.strictObject({
      waiting: z.int(),
      /** They wait for their next delivery. */
      delayed: z.int(),
      /** Somebody is handling them. */
      reserved: z.int(),
    }),
    /** Those that wait, by priority. */
    by_priority: z.strictObject({ '9': z.int(), '5': z.int(), '1': z.int() }),
    oldest_waiting_s: z.number().nullable(),
    dlq: z.int(),
  })
  .meta({ id: 'Mailbox' });
export type MailboxView = z.infer<typeof MailboxView>;

export const BroadcastMessage = z
  .strictObject({
    message: AgentMessage,
    /** A recipient that is none is an outcome of its own, so each is looked at later. */
    recipients: z.array(z.unknown()).max(MAX_RECIPIENTS),
  })
  .meta({ id: 'BroadcastMessage' });
export interface BroadcastMessage {
  readonly message: AgentMessageInput;
  readonly recipients: readonly AgentIdInput[];
}
/** The same as documentation shows it. */
export const DocumentedBroadcast = z
  .strictObject({ message: AgentMessage, recipients: z.array(AgentId).max(MAX_RECIPIENTS) })
  .meta({ id: 'BroadcastMessage' });

export const RecoverMessages = z
  .strictObject({
    agent_type: AgentType.optional(),
    /** Only the mailbox of this instance of the type. */
    instance: AgentInstance.optional(),
    /** Count, and change nothing. */
    dry_run: z.boolean().default(false),
  })
  .refine(({ agent_type: type, instance }) => instance === undefined || type !== undefined, {
    path: ['agent_type'],
    message: 'is needed where an instance is named',
  })
  .meta({ id: 'RecoverMessages' });
export type RecoverMessages = z.input<typeof RecoverMessages>;

export const RecoveredMessages = z
  .strictObject({
    total: z.int(),
    /** By `type:instance`; mailboxes without any are left out. */
    per_agent: z.record(AgentIdText, z.int()),
  })
  .meta({ id: 'RecoveredMessages' });
export type RecoveredMessages = z.infer<typeof RecoveredMessages>;

/** What happened to a message; never what was in it. */
export const MessageAuditEntry = z
  .strictObject({
    id: z.string(),
    at: IsoTime,
    event: z.string(),
    message_id: z.string(),
    enqueue_id: z.string(),
    sender: z.string(),
    recipient: z.string(),
    priority: z.int(),
    type: z.string(),
    attempts: z.int(),
    payload_bytes: z.int(),
    payload_sha256: z.string(),
    error: z.string().optional(),
  })
  .meta({ id: 'MessageAuditEntry' });
export type MessageAuditEntry = z.infer<typeof MessageAuditEntry>;

export interface MessageAuditFilter {
  readonly messageId?: string;
  /** Of the sender or of the mailbox. */
  readonly agent?: AgentIdInput;
  readonly limit: number;
  /** Id of the last entry seen. */
  readonly before?: string;
}

/**
 * Common errors: validation_failed (invalid_input), backend_unavailable (unavailable).
 * A fleet's own agents may be named by their short names: `ipa` is `input_processor`.
 */
export interface MessageOperations {
  /** Errors also: queue_full (429), unknown_outcome (503: send it again). */
  sendMessage(message: AgentMessageInput): Promise<MessageResult>;
  /** One result for each recipient, in their order; none stands in the way of another. */
  broadcastMessage(request: BroadcastMessage): Promise<MessageResult[]>;
  /** Every mailbox that was ever used, by name. `after` is the last one seen. */
  listMailboxes(page: {
    readonly limit: number;
    readonly after?: string;
  }): Promise<{ items: MailboxView[]; next: string | null }>;
  /** Errors also: mailbox_not_found. */
  getMailbox(agent: AgentIdInput): Promise<MailboxView>;
  /** Put back what is reserved and whose reservation expired; safe to repeat. */
  recoverMessages(request: RecoverMessages): Promise<RecoveredMessages>;
  /** Newest first. */
  messageAudit(filter: MessageAuditFilter): Promise<MessageAuditEntry[]>;
}
