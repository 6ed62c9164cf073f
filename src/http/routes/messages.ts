import { z } from 'zod';
import {
  BroadcastMessage,
  DocumentedBroadcast,
  MessageAuditEntry,
} from '../../coordination/messages/operations.ts';
import { AgentIdText, parseAgentIdText, type AgentIdInput } from '../../coordination/models/agent-id.ts';
import { AgentMessage, MessageId, MessageResult } from '../../coordination/models/message.ts';
import { cursorScope, type CursorCodec } from '../cursor.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoQuery, pageOf, pageQuery, StreamId } from '../schemas.ts';

const Broadcasted = z.strictObject({ results: z.array(MessageResult) }).meta({ id: 'BroadcastResults' });

const AuditQuery = z.strictObject({
  ...pageQuery(500).shape,
  message_id: MessageId.optional(),
  /** Of the sender or of the mailbox. */
  agent: AgentIdText.optional(),
});
const AuditPosition = z.strictObject({ id: StreamId });

/** Messages between agents: send them, and see what became of them. */
export function messageRoutes({ operations }: HttpDeps, cursors: CursorCodec): Route[] {
  return [
    defineRoute({
      operationId: 'sendMessage',
      method: 'post',
      paths: ['/v1/messages'],
      tag: 'messages',
      summary: 'Send a message to an agent',
      description:
        'Sending the same `message_id` again while it is in the mailbox changes nothing and says `duplicate`. A full ' +
        'mailbox answers 429 QUEUE_FULL; after 503 the same message may be sent again.',
      access: ['enqueue'],
      rateClass: 'enqueue',
      action: 'message.send',
      query: NoQuery,
      body: AgentMessage,
      responses: { 202: { description: 'It is in the mailbox', schema: MessageResult } },
      handle: async ({ body }) => ({ status: 202, body: await operations.sendMessage(body) }),
    }),
    defineRoute({
      operationId: 'broadcastMessage',
      method: 'post',
      paths: ['/v1/messages/broadcast'],
      tag: 'messages',
      summary: 'Send a message to several agents',
      description:
        'At most 1000. Each recipient has its own outcome, in their order, and none stands in the way of another; ' +
        "the message's own `recipient` is replaced in each copy.",
      access: ['enqueue'],
      rateClass: 'enqueue',
      action: 'message.broadcast',
      query: NoQuery,
      body: BroadcastMessage,
      documentedBody: DocumentedBroadcast,
      responses: { 207: { description: 'What became of each', schema: Broadcasted } },
      handle: async ({ body: { message, recipients } }) => {
        // Whether each is an agent at all is its own outcome.
        const results = await operations.broadcastMessage({
          message,
          recipients: recipients as AgentIdInput[],
        });
        return { status: 207, body: { results } };
      },
    }),
    defineRoute({
      operationId: 'listMessageAudit',
      method: 'get',
      paths: ['/v1/audit/messages'],
      tag: 'messages',
      summary: 'Read what happened to messages, newest first',
      description:
        'Of one message, of one agent, or of all. It tells size and digest of payloads, never what is in them.',
      access: ['admin'],
      rateClass: 'admin',
      query: AuditQuery,
      responses: { 200: { description: 'A page of the audit', schema: pageOf(MessageAuditEntry) } },
      handle: async ({ query: { limit, cursor, message_id: messageId, agent } }) => {
        const scope = cursorScope('message-audit', { messageId, agent });
        const items = await operations.messageAudit({
          limit,
          ...(messageId !== undefined && { messageId }),
          ...(agent !== undefined && { agent: parseAgentIdText(agent)! }),
          ...(cursor !== undefined && { before: cursors.decode(scope, cursor, AuditPosition).id }),
        });
        const last = items.length >= limit ? items.at(-1) : undefined;
        const next_cursor = last === undefined ? null : cursors.encode(scope, { id: last.id });
        return { status: 200, body: { items, next_cursor } };
      },
    }),
  ];
}
