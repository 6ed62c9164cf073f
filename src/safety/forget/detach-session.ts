import { z } from 'zod';
import { runScript, toBackendError } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { REWRITE_RECORD } from '../history/forget-user.ts';
import { sessionPseudonym } from '../pseudonyms.ts';

const BATCH = 1000;
const MAX_TRIES = 50;

const Versioned = z.looseObject({ version: z.int(), session_id: z.string() });

/**
 * What people work on outlives a session and no longer names it; nothing else of safety does.
 * Source: docs/decisions/0032-what-deletion-leaves.md. Errors: backend_unavailable; safe to repeat.
 *
 * @param recordKeys  keys of interventions and escalations of the session
 */
export async function detachSession(
  store: RedisStore,
  sessionId: string,
  recordKeys: readonly string[],
): Promise<void> {
  try {
    for (const key of recordKeys) await detachRecord(store, key, sessionId);
    await forgetEntries(store, store.keys.safetyEvents(), sessionId, false);
    await forgetEntries(store, store.keys.safetyAlerts(), sessionId, true);
  } catch (error) {
    throw toBackendError(error, 'taking a session out of the records of safety');
  }
}

async function detachRecord({ redis }: RedisStore, key: string, sessionId: string): Promise<void> {
  const instead = sessionPseudonym(sessionId);
  for (let tried = 0; tried < MAX_TRIES; tried++) {
    const [version, data, field] = await redis.hmget(key, 'version', 'data', 'session_id');
    if (version == null || data == null) return;
    const fieldToo = field == null ? [] : ['session_id', instead];
    const now = parse(data);
    const anew =
      now === null
        ? // Nobody can read it, and it stays for whoever repairs it: only the name goes.
          { version, data: data.replaceAll(JSON.stringify(sessionId), JSON.stringify(instead)) }
        : next(now, instead);
    const fields = ['version', anew.version, 'data', anew.data, ...fieldToo];
    if ((await runScript(redis, REWRITE_RECORD, [key], [version, ...fields])) === 1) return;
  }
}

function next(now: z.infer<typeof Versioned>, sessionId: string): { version: string; data: string } {
  const version = now.version + 1;
  return { version: String(version), data: JSON.stringify({ ...now, version, session_id: sessionId }) };
}

function parse(data: string): z.infer<typeof Versioned> | null {
  try {
    return Versioned.parse(JSON.parse(data));
  } catch {
    return null;
  }
}

/** Entries of a stream that name the session go; with `stays` an entry without the name takes the place of each. */
async function forgetEntries(
  { redis }: RedisStore,
  stream: string,
  sessionId: string,
  stays: boolean,
): Promise<void> {
  const name = JSON.stringify(sessionId);
  const isNamed = (value: string): boolean => value === sessionId || value.includes(name);
  const instead = sessionPseudonym(sessionId);
  let after = '-';
  for (;;) {
    const entries = await redis.xrange(stream, after, '+', 'COUNT', BATCH);
    for (const [id, flat] of entries) {
      if (!flat.some(isNamed)) continue;
      const copy = flat.map((value) =>
        value === sessionId ? instead : value.replaceAll(name, JSON.stringify(instead)),
      );
      const change = redis.multi();
      if (stays) change.xadd(stream, '*', ...copy);
      await change.xdel(stream, id).exec();
    }
    const last = entries.at(-1);
    if (last === undefined || entries.length < BATCH) return;
    after = `(${last[0]}`;
  }
}
