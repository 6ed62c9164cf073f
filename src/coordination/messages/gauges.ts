import { z } from 'zod';
import { MESSAGE_PRIORITIES, messageJobPriority } from '../../contracts/priority.ts';
import { mailboxQueue } from '../keys.ts';
import { AgentId, agentIdText, type AgentIdInput } from '../models/agent-id.ts';
import { parseInput } from '../validate.ts';
import { asking } from './availability.ts';
import type { MessagingCore } from './core.ts';
import { MESSAGE_METRICS } from './metric-names.ts';
import { listMailboxes } from './recover.ts';
import { countDeadLetters } from './replay.ts';

export interface MailboxFigures {
  readonly agent: string;
  /** By message priority; those that wait for a retry are in `delayed`. */
  readonly waiting: Readonly<Record<'1' | '5' | '9', number>>;
  readonly delayed: number;
  readonly reserved: number;
  readonly dead_letters: number;
  readonly is_paused: boolean;
  /** How long the message that is next has waited; null when none waits. */
  readonly oldest_age_ms: number | null;
}

/** How many messages wait, are delayed or are reserved in each of these. Errors: redis_unavailable (unavailable) */
export async function mailboxDepths(core: MessagingCore, agents: readonly AgentIdInput[]): Promise<number[]> {
  parseInput(z.array(AgentId), agents, 'agents');
  if (agents.length === 0) return [];
  const answers = await asking(core.redis, 'count messages', () => {
    const pipeline = core.redis.pipeline();
    for (const agent of agents) {
      const key = (name: string): string => `${core.keys.prefix}:${mailboxQueue(agent)}:${name}`;
      pipeline.llen(key('wait')).zcard(key('prioritized')).zcard(key('delayed')).llen(key('active'));
    }
    return pipeline.exec();
  });
  const counts = (answers ?? []).map(([error, count]) => {
    if (error !== null) throw error;
    return Number(count);
  });
  return agents.map((_, place) => counts.slice(4 * place, 4 * place + 4).reduce((sum, n) => sum + n, 0));
}

/** What is in a mailbox now. Errors: redis_unavailable (unavailable) */
export async function mailboxFigures(core: MessagingCore, agent: AgentIdInput): Promise<MailboxFigures> {
  const queue = await core.mailboxes.queue(agent);
  const priorities = MESSAGE_PRIORITIES.map(messageJobPriority);
  const [counts, states, isPaused, oldest, deadLetters] = await asking(core.redis, 'count messages', () =>
    Promise.all([
      queue.getCountsPerPriority(priorities),
      queue.getJobCounts('active', 'delayed'),
      queue.isPaused(),
      oldestAge(core, queue.toKey('prioritized'), queue.toKey('')),
      countDeadLetters(core, agent),
    ]),
  );
  const of = (priority: 1 | 5 | 9): number => counts[String(messageJobPriority(priority))] ?? 0;
  return {
    agent: agentIdText(agent),
    waiting: { 1: of(1), 5: of(5), 9: of(9) },
    delayed: states['delayed'] ?? 0,
    reserved: states['active'] ?? 0,
    dead_letters: deadLetters,
    is_paused: isPaused,
    oldest_age_ms: oldest,
  };
}

/** The first of each band is its oldest, so three looks suffice. */
async function oldestAge(core: MessagingCore, prioritized: string, prefix: string): Promise<number | null> {
  const bands = MESSAGE_PRIORITIES.map(messageJobPriority).map((priority) => priority * 0x1_0000_0000);
  const firsts = await Promise.all(
    bands.map((score) =>
      core.redis.zrangebyscore(prioritized, score, `(${score + 0x1_0000_0000}`, 'LIMIT', 0, 1),
    ),
  );
  const ids = firsts.flat();
  const times = await Promise.all(ids.map((id) => core.redis.hget(prefix + id, 'timestamp')));
  const oldest = Math.min(...times.map((time) => Number(time ?? Infinity)));
  return Number.isFinite(oldest) ? Math.max(0, Date.now() - oldest) : null;
}

/** The agents whose gauges are not zero, as far as a coordinator has told. */
const SHOWN = new WeakMap<MessagingCore, Set<string>>();

/**
 * Read the gauges of all mailboxes from Redis, so that they are true for the whole fleet, whichever process is
 * asked. Called when metrics are scraped. A mailbox that became empty is set to zero once more, then left out until
 * something is in it again, unless its agent is registered.
 */
export async function collectGauges(
  core: MessagingCore,
  isRegistered: (agent: AgentIdInput) => boolean = () => false,
): Promise<MailboxFigures[]> {
  const all: MailboxFigures[] = [];
  const shown = SHOWN.get(core) ?? new Set<string>();
  SHOWN.set(core, shown);
  for (const agent of await listMailboxes(core)) {
    const figures = await mailboxFigures(core, agent);
    const labels = { agent: figures.agent };
    const isEmpty = lengthOf(figures) + figures.dead_letters === 0 && !isRegistered(agent);
    if (isEmpty && !shown.delete(figures.agent)) continue;
    if (!isEmpty) shown.add(figures.agent);
    for (const [priority, count] of Object.entries(figures.waiting))
      core.metrics.set(MESSAGE_METRICS.queueLength, count, { ...labels, priority });
    core.metrics.set(MESSAGE_METRICS.reservedLength, figures.reserved, labels);
    core.metrics.set(MESSAGE_METRICS.dlqLength, figures.dead_letters, labels);
    all.push(figures);
  }
  return all;
}

function lengthOf({ waiting, delayed, reserved }: MailboxFigures): number {
  return waiting[1] + waiting[5] + waiting[9] + delayed + reserved;
}
