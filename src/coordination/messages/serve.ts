import { raw2NextJobData, type JobJson, type Queue } from 'bullmq';
import { FleetError } from '../../kernel/errors.ts';
import { runScript, type ScriptValue } from '../../redis/script.ts';
import type { AgentIdInput } from '../models/agent-id.ts';
import { SERVE_KEYS, serveMailbox } from '../scripts/serve-mailbox.ts';
import { asking } from './availability.ts';
import { Batch } from './batch.ts';
import type { MessagingCore } from './core.ts';

/** What one step of Redis does for us, and how many bytes it hands out: others wait meanwhile. */
const MOST_AT_ONCE = 50;
const BYTES_AT_ONCE = 262_144;

/** What scripts of BullMQ answer when a reservation is gone: no such job, no lock, not active, foreign lock. */
const GONE = [-1, -2, -3, -6];

type Wish =
  | { readonly kind: 'ack'; readonly jobId: string; readonly lock: string }
  | { readonly kind: 'take'; readonly lock: string; readonly holdMs: number };

/** A job that is reserved now, as BullMQ decodes it; undefined when it cannot. */
export interface TakenJob {
  readonly id: string;
  readonly json: JobJson | undefined;
}

/** By the queue of the mailbox. */
const SERVED = new WeakMap<Queue, Batch<Wish, ScriptValue>>();

/**
 * The job is done and goes for good.
 * @returns false when the reservation is gone
 * Errors: redis_unavailable (unavailable)
 */
export async function ackJob(
  core: MessagingCore,
  agent: AgentIdInput,
  jobId: string,
  lock: string,
): Promise<boolean> {
  const batch = servedBy(core, await core.mailboxes.queue(agent));
  const code = await batch.ask({ kind: 'ack', jobId, lock });
  if (code === 0) return true;
  if (isGone(code)) return false;
  throw refused('ack', code);
}

/**
 * Reserve the next job for `holdMs`.
 * @returns null when there is none, or the mailbox is paused
 * Errors: redis_unavailable (unavailable)
 */
export async function takeJob(
  core: MessagingCore,
  agent: AgentIdInput,
  lock: string,
  holdMs: number,
): Promise<TakenJob | null> {
  const batch = servedBy(core, await core.mailboxes.queue(agent));
  for (;;) {
    const answer = await batch.ask({ kind: 'take', lock, holdMs });
    if (isTaken(answer)) return decoded(answer);
    if (answer === 0) return null;
    // Others got so much at this moment that we come next.
    if (answer !== 1) throw refused('receive', answer);
  }
}

function servedBy(core: MessagingCore, queue: Queue): Batch<Wish, ScriptValue> {
  const known = SERVED.get(queue);
  if (known !== undefined) return known;
  const batch = new Batch<Wish, ScriptValue>((wishes) => serve(core, queue, wishes), { most: MOST_AT_ONCE });
  SERVED.set(queue, batch);
  return batch;
}

async function serve(core: MessagingCore, queue: Queue, wishes: readonly Wish[]): Promise<ScriptValue[]> {
  const acks = wishes.flatMap((wish) => (wish.kind === 'ack' ? [[wish.jobId, wish.lock]] : []));
  const takes = wishes.flatMap((wish) => (wish.kind === 'take' ? [[wish.lock, wish.holdMs]] : []));
  const keys = SERVE_KEYS.map((name) => queue.toKey(name));
  const args = [queue.toKey(''), Date.now(), BYTES_AT_ONCE, JSON.stringify(acks), JSON.stringify(takes)];
  let isGivenUp = false;
  const ask = async (): Promise<readonly ScriptValue[][]> => {
    // The script answers two lists.
    const answers = (await runScript(core.redis, serveMailbox, keys, args)) as readonly ScriptValue[][];
    // What comes when its callers have gone must not be kept.
    if (isGivenUp) await giveBack(queue, answers[1]!, takes);
    return answers;
  };
  try {
    const [acked, taken] = (await asking(core.redis, acks.length > 0 ? 'ack' : 'receive', ask)).map((list) =>
      list.values(),
    );
    return wishes.map(({ kind }) => (kind === 'ack' ? acked : taken)!.next().value ?? null);
  } catch (error) {
    isGivenUp = true;
    throw error;
  }
}

async function giveBack(
  queue: Queue,
  taken: readonly ScriptValue[],
  takes: readonly (readonly (string | number)[])[],
): Promise<void> {
  const backend = queue.getBackend();
  for (const [index, answer] of taken.entries())
    if (isTaken(answer)) await backend.moveJobFromActiveToWait(answer[1], String(takes[index]![0]));
}

/** Whether a number with which BullMQ refuses to settle a job says that somebody else may have it. */
export function isGone(code: unknown): boolean {
  return typeof code === 'number' && GONE.includes(code);
}

type Taken = readonly [readonly string[], string];

function isTaken(answer: ScriptValue): answer is Taken {
  return Array.isArray(answer);
}

function decoded([fields, id]: Taken): TakenJob {
  try {
    const [json] = raw2NextJobData([fields, id, 0, 0]) as [JobJson];
    return { id, json };
  } catch {
    return { id, json: undefined };
  }
}

function refused(what: string, answer: ScriptValue): FleetError {
  return new FleetError({
    code: 'script_failed',
    kind: 'internal',
    message: `Redis refused the ${what}: ${String(answer)}`,
  });
}
