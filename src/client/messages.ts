import type { DeadLetter, Page } from '../contracts/operator.ts';
import type {
  MailboxView,
  MessageAuditEntry,
  RecoveredMessages,
  RecoverMessages,
} from '../coordination/messages/operations.ts';
import type { AgentIdInput } from '../coordination/models/agent-id.ts';
import type { AgentMessageInput, MessageResult } from '../coordination/models/message.ts';
import type { CallOptions, PageOptions, SubmitCallOptions } from './client.ts';
import type { DeadLetterOptions } from './dead-letters.ts';
import type { Call } from './transport.ts';

export interface MessageAuditOptions extends PageOptions {
  readonly messageId?: string;
  /** `type:instance`, of the sender or of the mailbox. */
  readonly agent?: string;
}

/** Messages between agents, and their mailboxes. */
export interface MessagesClient {
  /** A repeat, also after a lost connection, puts one message into the mailbox: its `message_id` decides. */
  sendMessage(message: AgentMessageInput, options?: SubmitCallOptions): Promise<MessageResult>;
  /** One result for each recipient, in their order. */
  broadcastMessage(
    message: AgentMessageInput,
    recipients: readonly AgentIdInput[],
    options?: SubmitCallOptions,
  ): Promise<MessageResult[]>;
  mailboxes(options?: PageOptions): Promise<Page<MailboxView>>;
  /** Without an instance the mailbox that the type shares. */
  mailbox(agent: AgentIdInput, options?: CallOptions): Promise<MailboxView>;
  mailboxDeadLetters(
    agent: AgentIdInput,
    options?: Omit<DeadLetterOptions, 'queue'>,
  ): Promise<Page<DeadLetter>>;
  /** Puts back messages whose consumer was lost; with `dry_run` it counts them. */
  recover(request?: RecoverMessages, options?: SubmitCallOptions): Promise<RecoveredMessages>;
  /** What happened to messages, newest first. */
  messageAudit(options?: MessageAuditOptions): Promise<Page<MessageAuditEntry>>;
}

interface Calls {
  readonly get: <T>(path: string, options?: CallOptions, query?: Call['query']) => Promise<T>;
  readonly post: <T>(path: string, body: unknown, options?: SubmitCallOptions) => Promise<T>;
}

export function messageCalls({ get, post }: Calls): MessagesClient {
  const at = ({ type, instance }: AgentIdInput): string =>
    `${encodeURIComponent(type)}/${encodeURIComponent(instance ?? 'default')}`;
  const page = ({ limit, cursor }: PageOptions = {}): NonNullable<Call['query']> => ({ limit, cursor });
  return {
    sendMessage: (message, o) => post('/v1/messages', message, o),
    async broadcastMessage(message, recipients, o) {
      const body = { message, recipients };
      return (await post<{ results: MessageResult[] }>('/v1/messages/broadcast', body, o)).results;
    },
    mailboxes: (o) => get('/v1/mailboxes', o, page(o)),
    mailbox: (agent, o) => get(`/v1/mailboxes/${at(agent)}`, o),
    mailboxDeadLetters: (agent, o) =>
      get(`/v1/dlq/${at(agent)}`, o, { ...page(o), reason: o?.reason, since: o?.since }),
    recover: (request = {}, o) => post('/v1/admin/recover', request, o),
    messageAudit: (o) =>
      get('/v1/audit/messages', o, { ...page(o), message_id: o?.messageId, agent: o?.agent }),
  };
}
