import { asking } from '../messages/availability.ts';
import type { MessagingCore } from '../messages/core.ts';
import { digestOf } from './old-entry.ts';
import { createOldKeys } from './old-layout.ts';
import { entriesOf, obsoleteKeys, oldMailboxes, type SourceEntry } from './source.ts';

/** Where the messages of the old layout are by now. */
export interface Verification {
  readonly from: string;
  readonly to: string;
  readonly agents: Readonly<Record<string, AgentVerification>>;
  /** Taken over: their source may be deleted. */
  readonly taken_over: number;
  /** Only in the old layout. */
  readonly left: number;
  readonly is_complete: boolean;
}

export interface AgentVerification {
  readonly taken_over: number;
  readonly left: number;
}

/** Which entries were taken over, by what is remembered of them. Errors: redis_unavailable */
export async function verifySource(core: MessagingCore, from: string): Promise<Verification> {
  const agents: Record<string, AgentVerification> = {};
  const sum = { taken_over: 0, left: 0 };
  for (const agent of await oldMailboxes(core.redis, from)) {
    const entries = await entriesOf(core.redis, from, agent);
    const { taken, left } = await split(core, from, entries);
    agents[agent] = { taken_over: taken.length, left: left.length };
    sum.taken_over += taken.length;
    sum.left += left.length;
  }
  return { from, to: core.keys.prefix, agents, ...sum, is_complete: sum.left === 0 };
}

export interface Removal {
  /** Entries whose source was deleted. */
  readonly deleted: number;
  /** Entries that were not taken over; they stay. */
  readonly left: number;
  readonly obsolete_deleted: number;
}

const BATCH = 200;

/**
 * Delete what was taken over, and with it what has no counterpart; anything else stays. What is remembered goes last,
 * when nothing is left. Errors: redis_unavailable
 */
export async function removeSource(core: MessagingCore, from: string): Promise<Removal> {
  const { redis } = core;
  let deleted = 0;
  let remaining = 0;
  for (const agent of await oldMailboxes(redis, from)) {
    const { taken, left } = await split(core, from, await entriesOf(redis, from, agent));
    for (let at = 0; at < taken.length; at += BATCH)
      await removeEntries(core, from, agent, taken.slice(at, at + BATCH));
    deleted += taken.length;
    remaining += left.length;
  }
  const obsolete = (await obsoleteKeys(redis, from)).map(({ key }) => key);
  if (obsolete.length > 0) await asking(redis, 'delete old keys', () => redis.unlink(...obsolete));
  if (remaining === 0) await asking(redis, 'forget', () => redis.unlink(core.keys.migrated(from)));
  return { deleted, left: remaining, obsolete_deleted: obsolete.length };
}

async function split(
  { redis, keys }: MessagingCore,
  from: string,
  entries: readonly SourceEntry[],
): Promise<{ taken: SourceEntry[]; left: SourceEntry[] }> {
  const taken: SourceEntry[] = [];
  const left: SourceEntry[] = [];
  for (let at = 0; at < entries.length; at += BATCH) {
    const batch = entries.slice(at, at + BATCH);
    const digests = batch.map(({ agent, raw, kind }) => digestOf(agent, raw, kind === 'dead_letter'));
    const found = await asking(redis, 'look up', () => redis.hmget(keys.migrated(from), ...digests));
    for (const [index, entry] of batch.entries()) (found[index] === null ? left : taken).push(entry);
  }
  return { taken, left };
}

async function removeEntries(
  { redis }: MessagingCore,
  from: string,
  agent: string,
  entries: readonly SourceEntry[],
): Promise<void> {
  const keys = createOldKeys(from);
  await asking(redis, 'delete old entries', async () => {
    const commands = redis.multi();
    for (const { kind, key, raw, token } of entries) {
      if (kind === 'scheduled') commands.zrem(key, raw);
      if (token !== undefined) commands.hdel(key, token).zrem(keys.deadlines(agent), token);
      // The copy of a message goes with it; of equal dead letters one was taken over.
      commands.lrem(kind === 'dead_letter' ? key : keys.copies(agent), 0, raw);
    }
    return commands.exec();
  });
}
