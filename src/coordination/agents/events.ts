import { z } from 'zod';
import type { CoordinationCore } from '../core.ts';
import { asking } from '../messages/availability.ts';
import { AgentEvent } from '../models/agent-event.ts';
import { parseInput } from '../validate.ts';

/** An event with its place in the stream. */
export type StoredAgentEvent = AgentEvent & { readonly id: string };

export interface AgentEventQuery {
  /** Only what came after the event of this id, the oldest first. Default: the newest ones. */
  readonly after?: string;
  /** 1 to 1000. Default 100. */
  readonly limit?: number;
}

const Query = z.strictObject({
  after: z
    .string()
    .regex(/^\d+(-\d+)?$/, 'expected the id of an event')
    .optional(),
  limit: z.int().min(1).max(1000).optional(),
});

/** What happened to agents, the newest last. Errors: validation (invalid_input), redis_unavailable (unavailable) */
export async function readAgentEvents(
  { redis, keys }: CoordinationCore,
  query: AgentEventQuery = {},
): Promise<StoredAgentEvent[]> {
  const { after, limit = 100 } = parseInput(Query, query, 'query');
  const stream = keys.agentEvents();
  const entries = await asking(redis, 'read events of agents', async () =>
    after === undefined
      ? (await redis.xrevrange(stream, '+', '-', 'COUNT', limit)).toReversed()
      : redis.xrange(stream, `(${after}`, '+', 'COUNT', limit),
  );
  return entries.flatMap(([id, flat]) => readAgentEvent(id, flat) ?? []);
}

/** Errors: redis_unavailable (unavailable) */
export async function writeAgentEvent(
  { redis, keys }: CoordinationCore,
  event: Pick<AgentEvent, 'kind' | 'agent_id' | 'registration_id' | 'details'>,
  maxLen: number,
): Promise<void> {
  const { kind, agent_id, registration_id, details } = event;
  const fields = { kind, agent_id, registration_id: registration_id ?? '', details: JSON.stringify(details) };
  await asking(redis, 'write an event of an agent', () =>
    redis.xadd(keys.agentEvents(), 'MAXLEN', '~', maxLen, '*', ...Object.entries(fields).flat()),
  );
}

/** An entry of their stream. Its time is that of its id; undefined for one that a newer version wrote and this one cannot read. */
export function readAgentEvent(id: string, flat: readonly string[]): StoredAgentEvent | undefined {
  const fields: Record<string, string> = {};
  for (let at = 0; at + 1 < flat.length; at += 2) fields[flat[at]!] = flat[at + 1]!;
  const parsed = AgentEvent.safeParse({
    kind: fields['kind'],
    agent_id: fields['agent_id'],
    registration_id: fields['registration_id'] || null,
    at: new Date(Number(id.split('-')[0])).toISOString(),
    details: readDetails(fields['details']),
  });
  return parsed.success ? { id, ...parsed.data } : undefined;
}

function readDetails(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '{}');
  } catch {
    return undefined;
  }
}
