import { z } from 'zod';
import { AgentId, parseAgentIdText } from '../models/agent-id.ts';

/** How the original laid messages out in Redis. Read here, written nowhere. */
export interface OldKeys {
  /** List: a copy of everything that waits or is reserved. */
  copies(agent: string): string;
  /** Sorted set of one priority: message as JSON -> epoch in microseconds from when on it is due. */
  scheduled(agent: string, priority: OldPriority): string;
  /** Hash: token -> message as JSON. */
  reserved(agent: string): string;
  /** Sorted set: token -> epoch in microseconds at which the reservation ends. */
  deadlines(agent: string): string;
  /** List: messages as JSON. */
  deadLetters(agent: string): string;
}

export const OLD_PRIORITIES = [9, 5, 1] as const;
export type OldPriority = (typeof OLD_PRIORITIES)[number];

/** @param agent  the text form of an agent, as everywhere below */
export function createOldKeys(prefix: string): OldKeys {
  return {
    copies: (agent) => `${prefix}:queue:${agent}`,
    scheduled: (agent, priority) => `${prefix}:sched:${agent}:prio:${priority}`,
    reserved: (agent) => `${prefix}:reserved:${agent}`,
    deadlines: (agent) => `${prefix}:reserved_deadlines:${agent}`,
    deadLetters: (agent) => `${prefix}:dlq:${agent}`,
  };
}

/** What of the original has no counterpart: told, and deleted with the source, because new keys have these names too. */
export const OBSOLETE = [
  { family: 'subs', why: 'subscriptions that were never used for delivery; subscribe again' },
  { family: 'agents', why: 'agents register again' },
  { family: 'capabilities', why: 'agents advertise again' },
] as const;

const MAILBOX_KEY =
  /^(?:queue|reserved|reserved_deadlines|dlq):([^:]+:[^:]+)$|^sched:([^:]+:[^:]+):prio:[159]$/;

/** The agent whose messages a key of the old layout holds; undefined for any other key. */
export function agentOfOldKey(prefix: string, key: string): string | undefined {
  if (!key.startsWith(`${prefix}:`)) return undefined;
  const match = MAILBOX_KEY.exec(key.slice(prefix.length + 1));
  const text = match?.[1] ?? match?.[2];
  return text === undefined || parseAgentIdText(text) === undefined ? undefined : text;
}

/** A message as the original stored it. What its models allow beyond this is no message of ours. */
export const OldQueueMessage = z.strictObject({
  message: z.looseObject({ message_id: z.string() }),
  priority: z.int().optional(),
  enqueued_at: z.iso.datetime({ offset: true }).nullable().default(null),
  delivery_attempts: z.int().min(0).default(0),
  last_error: z.string().nullable().default(null),
});
export type OldQueueMessage = z.output<typeof OldQueueMessage>;

export function agentOf(text: string): AgentId {
  return parseAgentIdText(text) ?? AgentId.parse({});
}
