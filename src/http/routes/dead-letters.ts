import { z } from 'zod';
import { longAgentType } from '../../contracts/agent-type.ts';
import { hasRole } from '../../contracts/caller.ts';
import { DeadLetter, DeadLetterDetail } from '../../contracts/operator.ts';
import { deadLetterQueue } from '../../coordination/keys.ts';
import { redact } from '../../observability/redact.ts';
import { cursorScope, type CursorCodec } from '../cursor.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import {
  AgentParams,
  DeadLetterParams,
  IsoMoment,
  NoBody,
  NoQuery,
  pageOf,
  pageQuery,
  Reason,
} from '../schemas.ts';

const MailboxLettersQuery = z.strictObject({
  ...pageQuery(500).shape,
  reason: z.string().min(1).max(200).optional(),
  since: IsoMoment.optional(),
});
const DeadLetterQuery = MailboxLettersQuery.extend({
  /** A mailbox's are in the queue `dlq.<type>.<instance>`. */
  queue: z.string().min(1).max(160).optional(),
});
const DeadLetterPosition = z.strictObject({ at: z.number(), id: z.string() });
const Discard = z.strictObject({ reason: Reason }).meta({ id: 'DiscardDeadLetter' });
const Replayed = z.strictObject({ job_id: z.string() }).meta({ id: 'ReplayedDeadLetter' });

/** Jobs and messages that were given up on: look, replay, discard. */
export function deadLetterRoutes({ operations }: HttpDeps, cursors: CursorCodec): Route[] {
  async function list({ limit, cursor, queue, reason, since }: z.output<typeof DeadLetterQuery>) {
    const scope = cursorScope('dead-letters', { queue, reason, since });
    const items = await operations.listDeadLetters({
      limit,
      ...(queue !== undefined && { queue }),
      ...(reason !== undefined && { reason }),
      ...(since !== undefined && { since: Date.parse(since) }),
      ...(cursor !== undefined && { after: cursors.decode(scope, cursor, DeadLetterPosition) }),
    });
    const last = items.length >= limit ? items.at(-1) : undefined;
    const next_cursor =
      last === undefined ? null : cursors.encode(scope, { at: Date.parse(last.dead_at), id: last.dlq_id });
    return { status: 200, body: { items, next_cursor } };
  }

  return [
    defineRoute({
      operationId: 'listDeadLetters',
      method: 'get',
      paths: ['/v1/dlq'],
      tag: 'dead-letters',
      summary: 'List dead letters, newest first',
      description: 'Of queues and of mailboxes; the id begins with the name of the queue.',
      access: ['read'],
      query: DeadLetterQuery,
      responses: { 200: { description: 'A page of dead letters', schema: pageOf(DeadLetter) } },
      handle: ({ query }) => list(query),
    }),
    defineRoute({
      operationId: 'listMailboxDeadLetters',
      method: 'get',
      paths: ['/v1/dlq/{type}/{instance}'],
      tag: 'dead-letters',
      summary: 'List the dead letters of one mailbox, newest first',
      access: ['read'],
      params: AgentParams,
      query: MailboxLettersQuery,
      responses: { 200: { description: 'A page of dead letters', schema: pageOf(DeadLetter) } },
      handle: ({ params: { type, instance }, query }) =>
        list({ ...query, queue: deadLetterQueue({ type: longAgentType(type), instance }) }),
    }),
    defineRoute({
      operationId: 'getDeadLetter',
      method: 'get',
      paths: ['/v1/dlq/{dlq_id}'],
      tag: 'dead-letters',
      summary: 'Read a dead letter with its data',
      description: 'The data is redacted for principals that may not operate.',
      access: ['read'],
      params: DeadLetterParams,
      query: NoQuery,
      responses: { 200: { description: 'The dead letter', schema: DeadLetterDetail } },
      handle: async ({ params, caller }) => {
        const entry = await operations.getDeadLetter(params.dlq_id);
        const data = hasRole(caller, 'operate') ? entry.data : redact(entry.data);
        return { status: 200, body: { ...entry, data } };
      },
    }),
    defineRoute({
      operationId: 'replayDeadLetter',
      method: 'post',
      paths: ['/v1/dlq/{dlq_id}/replay'],
      tag: 'dead-letters',
      summary: 'Try a dead letter again',
      description:
        'An exhausted step resumes its run; a message is sent again with all its attempts, and its entry goes once it ' +
        'was delivered (429 QUEUE_FULL while the mailbox is full).',
      access: ['operate'],
      rateClass: 'operate',
      action: 'dlq.replay',
      needsAudit: true,
      params: DeadLetterParams,
      query: NoQuery,
      body: NoBody,
      responses: { 202: { description: 'Queued again', schema: Replayed } },
      handle: async ({ params, caller }) => ({
        status: 202,
        body: await operations.replayDeadLetter(params.dlq_id, caller),
      }),
    }),
    defineRoute({
      operationId: 'discardDeadLetter',
      method: 'post',
      paths: ['/v1/dlq/{dlq_id}/discard'],
      tag: 'dead-letters',
      summary: 'Give a dead letter up for good',
      access: ['admin'],
      rateClass: 'admin',
      action: 'dlq.discard',
      needsAudit: true,
      params: DeadLetterParams,
      query: NoQuery,
      body: Discard,
      responses: { 200: { description: 'The entry as it was', schema: DeadLetter } },
      handle: async ({ params, body, caller }) => ({
        status: 200,
        body: await operations.discardDeadLetter(params.dlq_id, body, caller),
      }),
    }),
  ];
}
