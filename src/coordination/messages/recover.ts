import { z } from 'zod';
import { mailboxQueue } from '../keys.ts';
import {
  AgentInstance,
  AgentType,
  agentIdText,
  DEFAULT_INSTANCE,
  parseAgentIdText,
  type AgentIdInput,
} from '../models/agent-id.ts';
import { countExpired } from '../scripts/count-expired.ts';
import { findLeftovers } from '../scripts/find-leftovers.ts';
import { recoverMailbox, STALLED_REASON } from '../scripts/recover-mailbox.ts';
import { parseInput } from '../validate.ts';
import { asking, askScript } from './availability.ts';
import type { MessagingCore } from './core.ts';
import { finishDeadLetters } from './dead-letters.ts';
import { MESSAGE_METRICS } from './metric-names.ts';
import { finishReplays } from './replay.ts';
import { readEnvelope } from './reserve.ts';

/** How many failed messages one look reports; more are found by the next. */
const FAILED_LOOKED_AT = 1;

/**
 * Put back what is reserved in a mailbox and whose reservation expired, and finish what a crash left half done.
 * Any number of processes may do so at once: each message is put back, and counted, once.
 *
 * @returns how many messages this call put back
 * Errors: redis_unavailable (unavailable)
 */
export async function recoverAgent(core: MessagingCore, agent: AgentIdInput): Promise<number> {
  const key = (name: string): string => `${core.keys.prefix}:${mailboxQueue(agent)}:${name}`;
  const answer = await askScript(
    core.redis,
    recoverMailbox,
    [
      key('active'),
      key('stalled'),
      key('wait'),
      key('prioritized'),
      key('failed'),
      key('marker'),
      key('meta'),
      key('events'),
    ],
    [key(''), core.settings().maxStalls, STALLED_REASON, FAILED_LOOKED_AT],
  );
  const [back, , failed] = answer as [string[], string[], string[]];
  if (back.length > 0) await tell(core, agent, back);
  if (failed.length > 0) await finishDeadLetters(core, agent);
  await finishReplays(core, agent);
  return back.length;
}

/** Mailboxes per script. */
const LOOKED_AT_ONCE = 500;

/** Those mailboxes in which {@link recoverAgent} may find something to do. Errors: redis_unavailable (unavailable) */
export async function withLeftovers(
  core: MessagingCore,
  agents: readonly AgentIdInput[],
): Promise<AgentIdInput[]> {
  const found: AgentIdInput[] = [];
  for (let at = 0; at < agents.length; at += LOOKED_AT_ONCE) {
    const some = agents.slice(at, at + LOOKED_AT_ONCE);
    const places = await askScript(
      core.redis,
      findLeftovers,
      some.map(mailboxQueue).flatMap((queue) => {
        const own = ['active', 'wait', 'failed'].map((place) => `${core.keys.prefix}:${queue}:${place}`);
        return [...own, core.keys.replays(queue)];
      }),
      [],
    );
    for (const place of places as number[]) found.push(some[place - 1]!);
  }
  return found;
}

const RecoverOptions = z.strictObject({
  /** Only mailboxes of this type. */
  type: AgentType.optional(),
  /** Only the mailbox of this instance of it; `default` is the one that the type shares. */
  instance: AgentInstance.optional(),
  /** Count, and change nothing. */
  dryRun: z.boolean().default(false),
});
export type RecoverOptions = z.input<typeof RecoverOptions>;

/**
 * The same for every mailbox that was ever used, or for those that are chosen.
 * @returns how many messages by text form; mailboxes without any are left out
 * Errors: validation (invalid_input), redis_unavailable (unavailable)
 */
export async function recoverDetailed(
  core: MessagingCore,
  options: RecoverOptions = {},
): Promise<Map<string, number>> {
  const { type, instance, dryRun } = parseInput(RecoverOptions, options, 'options');
  const counts = new Map<string, number>();
  for (const agent of await listMailboxes(core)) {
    const isChosen =
      (type === undefined || agent.type === type) &&
      (instance === undefined || (agent.instance ?? DEFAULT_INSTANCE) === instance);
    if (!isChosen) continue;
    const count = dryRun ? await countRecoverable(core, agent) : await recoverAgent(core, agent);
    if (count > 0) counts.set(agentIdText(agent), count);
  }
  return counts;
}

/** How many messages {@link recoverAgent} would put back now. */
async function countRecoverable(core: MessagingCore, agent: AgentIdInput): Promise<number> {
  const prefix = `${core.keys.prefix}:${mailboxQueue(agent)}:`;
  const { maxStalls } = core.settings();
  return Number(await askScript(core.redis, countExpired, [`${prefix}active`], [prefix, maxStalls]));
}

/** Whether a mailbox was ever used. */
export async function isMailbox(core: MessagingCore, agent: AgentIdInput): Promise<boolean> {
  const { redis, keys } = core;
  const found = await asking(redis, 'find mailbox', () =>
    redis.sismember(keys.mailboxes(), agentIdText(agent)),
  );
  return found === 1;
}

/** Every mailbox that was ever used, by text form. */
export async function listMailboxes(core: MessagingCore): Promise<AgentIdInput[]> {
  const texts = await asking(core.redis, 'list mailboxes', () => core.redis.smembers(core.keys.mailboxes()));
  return texts.toSorted().flatMap((text) => parseAgentIdText(text) ?? []);
}

async function tell(core: MessagingCore, agent: AgentIdInput, jobIds: readonly string[]): Promise<void> {
  const text = agentIdText(agent);
  core.metrics.inc(MESSAGE_METRICS.recovered, { agent: text }, jobIds.length);
  core.logger.warn({ agent: text, messages: jobIds.length }, 'reservations expired; their messages are back');
  if (core.settings().auditMaxLen === 0) return;
  try {
    const queue = await core.mailboxes.queue(agent);
    for (const jobId of jobIds) {
      const job = await queue.getJob(jobId);
      const queued = job === undefined ? undefined : readEnvelope(job);
      if (queued !== undefined) core.audit.writeQueued('recovered', agent, queued);
    }
  } catch (error) {
    core.audit.failed(error);
  }
}
