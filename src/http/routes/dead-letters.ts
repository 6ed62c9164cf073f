import { z } from 'zod';
import { hasRole } from '../../contracts/caller.ts';
import { DeadLetter, DeadLetterDetail } from '../../contracts/operator.ts';
import { redact } from '../../observability/redact.ts';
import { cursorScope, type CursorCodec } from '../cursor.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { DeadLetterParams, IsoMoment, NoBody, NoQuery, pageOf, pageQuery, Reason } from '../schemas.ts';

const DeadLetterQuery = z.strictObject({
  ...pageQuery(500).shape,
  queue: z.string().min(1).max(128).optional(),
  reason: z.string().min(1).max(200).optional(),
  since: IsoMoment.optional(),
});
const DeadLetterPosition = z.strictObject({ at: z.number(), id: z.string() });
const Discard = z.strictObject({ reason: Reason }).meta({ id: 'DiscardDeadLetter' });
const Replayed = z.strictObject({ job_id: z.string() }).meta({ id: 'ReplayedDeadLetter' });

/** Jobs that were given up on: look, replay, discard. */
export function deadLetterRoutes({ operations }: HttpDeps, cursors: CursorCodec): Route[] {
  return [
    defineRoute({
      operationId: 'listDeadLetters',
      method: 'get',
      paths: ['/v1/dlq'],
      tag: 'dead-letters',
      summary: 'List dead letters, newest first',
      access: ['read'],
      query: DeadLetterQuery,
      responses: { 200: { description: 'A page of dead letters', schema: pageOf(DeadLetter) } },
      handle: async ({ query }) => {
        const { limit, cursor, queue, reason, since } = query;
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
          last === undefined
            ? null
            : cursors.encode(scope, { at: Date.parse(last.dead_at), id: last.dlq_id });
        return { status: 200, body: { items, next_cursor } };
      },
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
      description: 'An exhausted step resumes its run.',
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
