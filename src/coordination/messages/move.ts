import { z } from 'zod';
import { AGENT_METRICS } from '../agents/metric-names.ts';
import { CoordinationValidationError } from '../errors.ts';
import { mailboxQueue } from '../keys.ts';
import { AgentId, agentIdText, isSameAgent, type AgentIdInput } from '../models/agent-id.ts';
import { MessageId } from '../models/message.ts';
import { QueueMessage } from '../models/queue-message.ts';
import { moveMessages as moveScript } from '../scripts/move-messages.ts';
import { parseInput } from '../validate.ts';
import { asking, askScript } from './availability.ts';
import type { MessagingCore } from './core.ts';
import { recoverAgent } from './recover.ts';
import { readEnvelope } from './reserve.ts';
import { jobIdOf } from './token.ts';

/** One step of Redis moves so many; each brings its payload back for the audit. */
const BATCH = 50;
const PAGE = 1000;

const MoveOptions = z.strictObject({
  /** Only these, in this order. Default: all that wait or are delayed. */
  messageIds: z.array(MessageId).max(100_000).optional(),
});
export type MoveOptions = z.input<typeof MoveOptions>;
const Move = z.object({ from: AgentId, to: AgentId, options: MoveOptions });

export interface MoveResult {
  /** How many this call moved. */
  readonly moved: number;
  /** How many stay, because the target holds another message of the same id. */
  readonly kept: number;
  /** The source is paused: nothing was moved. */
  readonly isPaused: boolean;
}

/**
 * Move what waits or is delayed in one mailbox to another: same id, payload, priority, attempts and remaining
 * delay; those of a band stay in order and queue up behind what is in the target. Whatever dies meanwhile, each
 * message is in exactly one of the two. What is reserved stays; if its reservation expired it is moved as well.
 *
 * The limit of the target refuses nothing here: these messages were accepted once already. A message whose id is in
 * the target already stays where it is, since two messages of one id cannot be told apart there; call again
 * when the other one is handled. If both are the same accepted send, only the one in the target is kept.
 *
 * Errors: validation (invalid_input), redis_unavailable (unavailable)
 */
export async function moveMailbox(
  core: MessagingCore,
  from: AgentIdInput,
  to: AgentIdInput,
  options: MoveOptions = {},
): Promise<MoveResult> {
  const { messageIds } = parseInput(Move, { from, to, options }).options;
  if (isSameAgent(from, to))
    throw new CoordinationValidationError([{ path: 'to', message: 'is the mailbox it is moved from' }]);
  await core.mailboxes.queue(to);
  await recoverAgent(core, from);

  const total = { moved: 0, kept: 0, isPaused: false };
  if (messageIds !== undefined) {
    await moveThese(core, from, to, messageIds.map(jobIdOf), total);
    return total;
  }
  const seen = new Set<string>();
  for (;;) {
    const next = (await listWaiting(core, from, total.kept)).filter((id) => !seen.has(id));
    if (next.length === 0 || total.isPaused) return total;
    for (const id of next) seen.add(id);
    await moveThese(core, from, to, next, total);
  }
}

/**
 * What waits or is delayed in a mailbox, next ones first, without taking it.
 * Errors: validation (invalid_input), redis_unavailable (unavailable)
 */
export async function peekMailbox(
  core: MessagingCore,
  agent: AgentIdInput,
  { limit = 100 }: { limit?: number } = {},
): Promise<QueueMessage[]> {
  parseInput(AgentId, agent, 'agent_id');
  parseInput(z.int().min(1).max(PAGE), limit, 'limit');
  const queue = await core.mailboxes.queue(agent);
  const jobs = await asking(core.redis, 'look at messages', () =>
    queue.getJobs(['prioritized', 'delayed'], 0, limit - 1, true),
  );
  return jobs.slice(0, limit).flatMap((job) => readEnvelope(job) ?? []);
}

async function moveThese(
  core: MessagingCore,
  from: AgentIdInput,
  to: AgentIdInput,
  jobIds: readonly string[],
  total: { moved: number; kept: number; isPaused: boolean },
): Promise<void> {
  for (let index = 0; index < jobIds.length && !total.isPaused; index += BATCH) {
    const answer = await moveBatch(core, from, to, jobIds.slice(index, index + BATCH));
    const [state, moved, stay] = answer as [string, string[], string[], number];
    total.isPaused = state === 'paused';
    total.moved += moved.length / 2;
    total.kept += stay.length;
    tell(core, to, moved);
  }
}

function moveBatch(
  core: MessagingCore,
  from: AgentIdInput,
  to: AgentIdInput,
  jobIds: readonly string[],
): Promise<unknown> {
  const keyOf = (agent: AgentIdInput) => (name: string) =>
    `${core.keys.prefix}:${mailboxQueue(agent)}:${name}`;
  const [source, target] = [keyOf(from), keyOf(to)];
  return askScript(
    core.redis,
    moveScript,
    [
      ...['prioritized', 'delayed', 'meta', 'events'].map(source),
      ...['prioritized', 'delayed', 'meta', 'events', 'marker', 'pc'].map(target),
      core.keys.mailboxes(),
    ],
    [source(''), target(''), agentIdText(to), core.settings().auditMaxLen === 0 ? 0 : 1, ...jobIds],
  );
}

/** Ids in their order, those that wait before those that are delayed. What was kept before may stand at the front. */
async function listWaiting(core: MessagingCore, agent: AgentIdInput, kept: number): Promise<string[]> {
  const key = (name: string): string => `${core.keys.prefix}:${mailboxQueue(agent)}:${name}`;
  const last = String(PAGE + kept - 1);
  const lists = await asking(core.redis, 'list messages', () =>
    Promise.all(['prioritized', 'delayed'].map((name) => core.redis.zrange(key(name), 0, last))),
  );
  return lists.flat();
}

function tell(core: MessagingCore, to: AgentIdInput, moved: readonly string[]): void {
  if (moved.length === 0) return;
  core.metrics.inc(AGENT_METRICS.messagesMoved, {}, moved.length / 2);
  if (core.settings().auditMaxLen === 0) return;
  for (let index = 0; index < moved.length; index += 2) {
    const queued = envelopeOf(moved[index]!);
    if (queued === undefined) continue;
    const attempts = queued.delivery_attempts + Number(moved[index + 1]);
    core.audit.writeQueued('moved', to, { ...queued, delivery_attempts: attempts });
  }
}

/** What is no message is moved like one: whoever receives it makes it a dead letter. */
function envelopeOf(json: string): QueueMessage | undefined {
  try {
    return QueueMessage.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}
