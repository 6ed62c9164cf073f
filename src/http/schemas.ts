import { z } from 'zod';
import { ChosenId } from '../contracts/identifiers.ts';
import { AgentInstance, AgentType } from '../coordination/models/agent-id.ts';

/** Schemas of paths and queries, and of answers that exist in HTTP only. */

const AnyId = z.string().min(1).max(300);

export const SessionParams = z.strictObject({ session_id: ChosenId });
export const WorkflowParams = z.strictObject({ name: z.string().min(1).max(128) });
export const RunParams = z.strictObject({ run_id: AnyId });
export const QueueParams = z.strictObject({ queue: z.string().min(1).max(128) });
export const DeadLetterParams = z.strictObject({ dlq_id: AnyId });
export const AgentParams = z.strictObject({ type: AgentType, instance: AgentInstance });
export const NoQuery = z.strictObject({});
export const NoBody = z.strictObject({});

const Cursor = z.string().min(1).max(2000);

/** Query values are texts; this one is read as a whole number. */
export function queryNumber(min: number, max: number) {
  return z.coerce
    .number({ error: ({ code }) => (code === 'invalid_type' ? 'expected a whole number' : undefined) })
    .int()
    .min(min)
    .max(max);
}

export function pageQuery(maxLimit: number) {
  return z.strictObject({
    limit: queryNumber(1, maxLimit).default(50),
    cursor: Cursor.optional(),
  });
}

export function pageOf<S extends z.ZodType>(item: S) {
  return z.strictObject({ items: z.array(item), next_cursor: z.string().nullable() });
}

export const IsoMoment = z.iso.datetime({ offset: true });
export const StreamId = z
  .string()
  .regex(/^\d{1,20}(-\d{1,20})?$/, 'expected an event id like 1718000000000-0');

export const Reason = z.string().trim().min(1).max(500);

export const Health = z
  .strictObject({
    status: z.enum(['healthy', 'degraded', 'initializing', 'unhealthy']),
    component: z.literal('agent_orchestration'),
    version: z.string(),
  })
  .meta({ id: 'Health' });

export const Liveness = z.strictObject({ status: z.literal('alive') }).meta({ id: 'Liveness' });

/** Readiness as everybody sees it; details only for who may read. */
export const PublicReadiness = z
  .strictObject({
    status: z.enum(['ready', 'degraded', 'starting', 'draining', 'down']),
    checks: z.array(
      z.strictObject({
        name: z.string(),
        ok: z.boolean(),
        essential: z.boolean(),
        detail: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'PublicReadiness' });
