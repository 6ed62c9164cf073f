import { mailboxQueue } from '../keys.ts';
import { agentIdText, parseAgentIdText, type AgentIdInput } from '../models/agent-id.ts';
import { recoverMailbox, STALLED_REASON } from '../scripts/recover-mailbox.ts';
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

/** The same for every mailbox that was ever used, or for one. */
export async function recoverDetailed(
  core: MessagingCore,
  agent?: AgentIdInput,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const agents = agent === undefined ? await listMailboxes(core) : [agent];
  for (const each of agents) {
    const count = await recoverAgent(core, each);
    if (count > 0) counts.set(agentIdText(each), count);
  }
  return counts;
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
