import { z } from 'zod';
import type { BulkDeadLetters, DeadLetterOutcomes } from '../../contracts/operations.ts';
import { Problem } from '../../contracts/problem.ts';
import type { HttpDeps } from '../deps.ts';
import { toProblem } from '../problem.ts';
import { defineRoute, type Reply, type Route } from '../route.ts';
import { IsoMoment, NoQuery, Reason } from '../schemas.ts';

const Bulk = z.strictObject({
  /** Which ones; an empty filter is all of them. */
  filter: z.strictObject({
    queue: z.string().min(1).max(160).optional(),
    reason: z.string().min(1).max(200).optional(),
    since: IsoMoment.optional(),
  }),
  max: z.int().min(1).max(1000).default(100),
  /** Say which ones, and change nothing. */
  dry_run: z.boolean().default(false),
});
const ReplayMany = Bulk.meta({ id: 'ReplayDeadLetters' });
const DiscardMany = z.strictObject({ ...Bulk.shape, reason: Reason }).meta({ id: 'DiscardDeadLetters' });

const Outcomes = z
  .strictObject({
    dry_run: z.boolean(),
    items: z.array(
      z.strictObject({
        dlq_id: z.string(),
        status: z.int(),
        job_id: z.string().optional(),
        problem: Problem.optional(),
      }),
    ),
    /** Others match as well. */
    more: z.boolean(),
  })
  .meta({ id: 'DeadLetterOutcomes' });

const WHICH =
  'The newest that match, at most `max`, the oldest of them first. Each has its own outcome, and none stands in the way of another.';

/** Many jobs and messages that were given up on, with one request. */
export function bulkDeadLetterRoutes({ operations }: HttpDeps): Route[] {
  return [
    defineRoute({
      operationId: 'replayDeadLetters',
      method: 'post',
      paths: ['/v1/dlq/replay'],
      tag: 'dead-letters',
      summary: 'Try many dead letters again',
      description: WHICH,
      access: ['operate'],
      rateClass: 'operate',
      action: 'dlq.replay_many',
      needsAudit: true,
      query: NoQuery,
      body: ReplayMany,
      responses: { 207: { description: 'The outcome of each', schema: Outcomes } },
      handle: async ({ body, caller, requestId }) => {
        const outcomes = await operations.replayDeadLetters(requestOf(body), caller);
        return reply(outcomes, body.dry_run ? 200 : 202, { dryRun: body.dry_run, requestId });
      },
    }),
    defineRoute({
      operationId: 'discardDeadLetters',
      method: 'post',
      paths: ['/v1/dlq/discard'],
      tag: 'dead-letters',
      summary: 'Give many dead letters up for good',
      description: WHICH,
      access: ['admin'],
      rateClass: 'admin',
      action: 'dlq.discard_many',
      needsAudit: true,
      query: NoQuery,
      body: DiscardMany,
      responses: { 207: { description: 'The outcome of each', schema: Outcomes } },
      handle: async ({ body, caller, requestId }) => {
        const request = { ...requestOf(body), reason: body.reason };
        const outcomes = await operations.discardDeadLetters(request, caller);
        return reply(outcomes, 200, { dryRun: body.dry_run, requestId });
      },
    }),
  ];
}

function requestOf({ filter, max, dry_run: dryRun }: z.output<typeof Bulk>): BulkDeadLetters {
  const { queue, reason, since } = filter;
  return {
    filter: {
      ...(queue !== undefined && { queue }),
      ...(reason !== undefined && { reason }),
      ...(since !== undefined && { since: Date.parse(since) }),
    },
    max,
    dryRun,
  };
}

function reply(
  { items, more }: DeadLetterOutcomes,
  status: number,
  { dryRun, requestId }: { dryRun: boolean; requestId: string },
): Reply {
  return {
    status: 207,
    body: {
      dry_run: dryRun,
      items: items.map(({ dlqId, jobId, error }) => ({
        dlq_id: dlqId,
        status: error?.httpStatus ?? status,
        ...(jobId !== undefined && { job_id: jobId }),
        ...(error !== undefined && { problem: toProblem(error, requestId) }),
      })),
      more,
    },
  };
}
