import { z } from 'zod';
import { MailboxView, RecoveredMessages, RecoverMessages } from '../../coordination/messages/operations.ts';
import { AgentIdText } from '../../coordination/models/agent-id.ts';
import { cursorScope, type CursorCodec } from '../cursor.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { AgentParams, NoQuery, pageOf, pageQuery } from '../schemas.ts';

const MailboxPosition = z.strictObject({ agent: AgentIdText });

/** The mailboxes of agents: what is in them, and putting back what was lost on the way. */
export function mailboxRoutes({ operations }: HttpDeps, cursors: CursorCodec): Route[] {
  return [
    defineRoute({
      operationId: 'listMailboxes',
      method: 'get',
      paths: ['/v1/mailboxes'],
      tag: 'messages',
      summary: 'List the mailboxes that were ever used, with what is in them',
      access: ['read'],
      query: pageQuery(100),
      responses: { 200: { description: 'A page of mailboxes, by name', schema: pageOf(MailboxView) } },
      handle: async ({ query: { limit, cursor } }) => {
        const scope = cursorScope('mailboxes', {});
        const position = cursor === undefined ? undefined : cursors.decode(scope, cursor, MailboxPosition);
        const { items, next } = await operations.listMailboxes({
          limit,
          ...(position === undefined ? {} : { after: position.agent }),
        });
        const next_cursor = next === null ? null : cursors.encode(scope, { agent: next });
        return { status: 200, body: { items, next_cursor } };
      },
    }),
    defineRoute({
      operationId: 'getMailbox',
      method: 'get',
      paths: ['/v1/mailboxes/{type}/{instance}'],
      tag: 'messages',
      summary: 'Read what is in a mailbox',
      description: '`default` is the mailbox that all agents of the type share.',
      access: ['read'],
      params: AgentParams,
      query: NoQuery,
      responses: { 200: { description: 'The mailbox', schema: MailboxView } },
      handle: async ({ params }) => ({ status: 200, body: await operations.getMailbox(params) }),
    }),
    defineRoute({
      operationId: 'recoverMessages',
      method: 'post',
      paths: ['/v1/admin/recover'],
      tag: 'messages',
      summary: 'Put back messages whose consumer was lost',
      description:
        'Only those whose visibility timeout has passed; of one type, one instance of it, or of all. Safe to repeat. ' +
        'With `dry_run` they are only counted.',
      access: ['operate'],
      rateClass: 'operate',
      action: 'message.recover',
      needsAudit: true,
      query: NoQuery,
      body: RecoverMessages,
      responses: { 200: { description: 'How many, in all and by agent', schema: RecoveredMessages } },
      handle: async ({ body }) => ({ status: 200, body: await operations.recoverMessages(body) }),
    }),
  ];
}
