import type { StoredError } from '../plan/node.ts';
import { defineScript, toBackendError, type ScriptValue } from '../../redis/script.ts';
import { parseResults } from './begin-step.ts';
import { run, sessionKeys, toObject } from './journal-store.ts';
import type { RedisStore } from '../../redis/store.ts';
import { decodeRun, type RunRecord } from './run-record.ts';

/** One entry of a run's event stream, as stored. `data` is JSON or ''. */
export interface StoredEvent {
  readonly id: string;
  readonly type: string;
  readonly at: number;
  readonly step: string;
  readonly agent: string;
  readonly data: Readonly<Record<string, unknown>> | undefined;
}

/** Everything that is known of a run, read at one moment. */
export interface RunFacts {
  readonly run: RunRecord;
  readonly results: Readonly<Record<string, unknown>>;
  readonly errors: Readonly<Record<string, StoredError>>;
  readonly decisions: Readonly<Record<string, unknown>>;
  readonly signals: Readonly<Record<string, unknown>>;
  readonly events: readonly StoredEvent[];
  readonly session: Readonly<Record<string, string>> | null;
  /** What is around the run, where it was looked at: the world of its session, and its last turns, the newest first. */
  readonly world: { readonly version: number; readonly data: string } | null;
  readonly recentTurns: readonly Readonly<Record<string, string>>[];
}

/** So many turns are read beside a run. */
const RECENT_TURNS = 5;

/**
 * KEYS  1 run  2 results  3 errors  4 events  5 session  6 decisions  7 signals, and to look around
 *       8 turns  9 prefix of worlds
 * ARGV  1 how many turns of the session, to look around
 * The session is looked up only when the run has one. Returns one text: JSON is read natively, an answer of a hundred strings is put together string by string.
 */
const READ_RUN = defineScript(
  'read-run',
  `
local facts = {redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2]), redis.call('HGETALL', KEYS[3]),
  redis.call('XRANGE', KEYS[4], '-', '+'), redis.call('HGETALL', KEYS[5]), redis.call('HGETALL', KEYS[6]),
  redis.call('HGETALL', KEYS[7])}
if KEYS[8] then
  facts[8] = redis.call('XREVRANGE', KEYS[8], '+', '-', 'COUNT', ARGV[1])
  facts[9] = redis.call('HMGET', KEYS[9] .. (redis.call('HGET', KEYS[5], 'world_id') or ''), 'version', 'data')
end
return cjson.encode(facts)
`,
);

/**
 * @param looksAround  whether the world and the last turns of its session are read, too
 * @returns null when there is no such run (or its record has expired). One round trip.
 */
export async function readRun(
  store: RedisStore,
  runId: string,
  sessionId?: string,
  looksAround = false,
): Promise<RunFacts | null> {
  const { keys } = store;
  const around = looksAround && sessionId !== undefined;
  const text = (await run(
    store,
    READ_RUN,
    [
      keys.run(runId),
      keys.runResults(runId),
      keys.runErrors(runId),
      keys.runEvents(runId),
      sessionKeys(keys, sessionId).session,
      keys.runDecisions(runId),
      keys.runSignals(runId),
      ...(around ? [keys.sessionTurns(sessionId), keys.world('')] : []),
    ],
    around ? [RECENT_TURNS] : [],
  )) as string;
  // What is empty is an object here, for Lua does not know the difference.
  const reply = JSON.parse(text) as ScriptValue[];
  const record = decodeRun(toObject(reply[0]));
  if (record === null) return null;
  const session = toObject(reply[4]);
  return {
    run: record,
    results: parseResults(toObject(reply[1])),
    errors: parseResults(toObject(reply[2])) as Record<string, StoredError>,
    decisions: parseResults(toObject(reply[5])),
    signals: parseResults(toObject(reply[6])),
    events: decodeEvents(reply[3]),
    session: session['session_id'] === undefined ? null : session,
    ...decodeAround(reply[7], reply[8]),
  };
}

function decodeAround(
  turns: ScriptValue | undefined,
  world: ScriptValue | undefined,
): Pick<RunFacts, 'world' | 'recentTurns'> {
  const [version, data] = Array.isArray(world) ? (world as readonly ScriptValue[]) : [];
  return {
    // What a hash lacks is false here.
    world: typeof version === 'string' ? { version: Number(version), data: String(data) } : null,
    recentTurns: Array.isArray(turns)
      ? (turns as readonly [string, ScriptValue][]).map(([, fields]) => toObject(fields))
      : [],
  };
}

/** The record alone, or null. */
export async function readRunRecord(store: RedisStore, runId: string): Promise<RunRecord | null> {
  return decodeRun(await reading('a run', store.redis.hgetall(store.keys.run(runId))));
}

/** Events after `after` (exclusive stream id), oldest first. */
export async function readEvents(
  store: RedisStore,
  runId: string,
  after: string | undefined,
): Promise<StoredEvent[]> {
  const from = after === undefined ? '-' : `(${after}`;
  const entries = store.redis.xrange(store.keys.runEvents(runId), from, '+');
  return decodeEvents(await reading('the events of a run', entries));
}

/** Errors: backend_unavailable. */
async function reading<T>(what: string, reply: Promise<T>): Promise<T> {
  try {
    return await reply;
  } catch (error) {
    throw toBackendError(error, `reading ${what}`);
  }
}

function decodeEvents(entries: ScriptValue | undefined): StoredEvent[] {
  if (!Array.isArray(entries)) return [];
  return (entries as [string, ScriptValue][]).map(([id, flat]) => {
    const fields = toObject(flat);
    const data = fields['data'];
    return {
      id,
      type: fields['type'] ?? '',
      at: Number(fields['at']),
      step: fields['step'] ?? '',
      agent: fields['agent'] ?? '',
      data: data ? (JSON.parse(data) as Record<string, unknown>) : undefined,
    };
  });
}
