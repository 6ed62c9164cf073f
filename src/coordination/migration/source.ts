import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisClient } from '../../redis/connect.ts';
import { asking } from '../messages/availability.ts';
import { agentOfOldKey, createOldKeys, OBSOLETE, OLD_PRIORITIES, type OldKeys } from './old-layout.ts';

export type SourceKind = 'scheduled' | 'reserved' | 'orphan' | 'dead_letter';

/** One entry of the old layout, where it stands. */
export interface SourceEntry {
  readonly kind: SourceKind;
  /** Text form of its agent. */
  readonly agent: string;
  readonly key: string;
  readonly raw: string;
  /** Of a reserved one. */
  readonly token?: string;
  /** A reservation of it has not ended yet. */
  readonly isInFlight: boolean;
}

const PAGE = 500;
/** Other clients get their turn. */
const PAUSE_MS = 1;

/** Agents that have anything in the old layout, by text form. Walks the whole key space once. */
export async function oldMailboxes(redis: RedisClient, prefix: string): Promise<string[]> {
  const agents = new Set<string>();
  await walk(redis, `${prefix}:*:*:*`, (key) => {
    const agent = agentOfOldKey(prefix, key);
    if (agent !== undefined) agents.add(agent);
  });
  return [...agents].sort();
}

/** Keys of the original that are not taken over, and why. Keys of ours with such names are of another type. */
export async function obsoleteKeys(
  redis: RedisClient,
  prefix: string,
): Promise<{ key: string; why: string }[]> {
  const found: { key: string; why: string }[] = [];
  for (const { family, why } of OBSOLETE) {
    const keys: string[] = [];
    await walk(redis, `${prefix}:${family}:*`, (key) => void keys.push(key), 'set');
    found.push(...keys.sort().map((key) => ({ key, why })));
  }
  return found;
}

/** What an agent has in the old layout, in the order in which it would have been received; dead letters come last. */
export async function entriesOf(redis: RedisClient, prefix: string, agent: string): Promise<SourceEntry[]> {
  const keys = createOldKeys(prefix);
  const reserved = await reservedOf(redis, keys, agent);
  const scheduled: SourceEntry[] = [];
  for (const priority of OLD_PRIORITIES) {
    const key = keys.scheduled(agent, priority);
    for (const raw of await pages(redis, (from, to) => redis.zrange(key, String(from), String(to))))
      scheduled.push({ kind: 'scheduled', agent, key, raw, isInFlight: false });
  }
  const known = new Set([...reserved, ...scheduled].map(({ raw }) => raw));
  const copies = keys.copies(agent);
  const orphans = (await pages(redis, (from, to) => redis.lrange(copies, from, to)))
    .filter((raw) => !known.has(raw))
    .map((raw): SourceEntry => ({ kind: 'orphan', agent, key: copies, raw, isInFlight: false }));
  const dlq = keys.deadLetters(agent);
  const dead = (await pages(redis, (from, to) => redis.lrange(dlq, from, to))).map((raw): SourceEntry => ({
    kind: 'dead_letter',
    agent,
    key: dlq,
    raw,
    isInFlight: false,
  }));
  return [...reserved, ...scheduled, ...orphans, ...dead];
}

async function reservedOf(redis: RedisClient, keys: OldKeys, agent: string): Promise<SourceEntry[]> {
  const key = keys.reserved(agent);
  const [held, deadlines, [seconds, micros]] = await asking(redis, 'read reservations', () =>
    Promise.all([
      redis.hgetall(key),
      redis.zrange(keys.deadlines(agent), 0, '-1', 'WITHSCORES'),
      redis.time() as Promise<[string | number, string | number]>,
    ]),
  );
  const now = Number(seconds) * 1e6 + Number(micros);
  const ends = new Map<string, number>();
  for (let at = 0; at < deadlines.length; at += 2) ends.set(deadlines[at]!, Number(deadlines[at + 1]));
  return Object.entries(held)
    .toSorted(([one], [other]) => (ends.get(one) ?? 0) - (ends.get(other) ?? 0))
    .map(([token, raw]) => ({
      kind: 'reserved',
      agent,
      key,
      raw,
      token,
      isInFlight: (ends.get(token) ?? 0) > now,
    }));
}

async function pages(
  redis: RedisClient,
  read: (from: number, to: number) => Promise<string[]>,
): Promise<string[]> {
  const all: string[] = [];
  for (;;) {
    const from = all.length;
    const page = await asking(redis, 'read old keys', () => read(from, from + PAGE - 1));
    all.push(...page);
    if (page.length < PAGE) return all;
    await sleep(PAUSE_MS);
  }
}

async function walk(
  redis: RedisClient,
  pattern: string,
  found: (key: string) => void,
  type?: string,
): Promise<void> {
  let cursor = '0';
  do {
    const from = cursor;
    const [next, keys] = await asking(redis, 'look for old keys', () =>
      type === undefined
        ? redis.scan(from, 'MATCH', pattern, 'COUNT', PAGE)
        : redis.scan(from, 'MATCH', pattern, 'COUNT', PAGE, 'TYPE', type),
    );
    keys.forEach(found);
    cursor = next;
  } while (cursor !== '0');
}
