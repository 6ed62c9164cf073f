import type { RunStatus } from '../../contracts/run.ts';
import type { RunPosition } from '../../contracts/run-list.ts';
import { defineScript, type ScriptValue } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { run } from './journal-store.ts';
import { decodeListed, LISTED_FIELDS, type ListedRun } from './run-record.ts';

/** So many runs are looked at in one call; while it lasts, Redis does nothing else. */
const SCAN = 500;
/** So many calls for one page: one that finds less in them ends early and is continued from where it stopped. */
const MOST_SCANS = 10;

/**
 * KEYS  1 index (of all runs, or of a session's)  2 prefix of run keys
 * ARGV  1 wanted  2 looked at, at most  3 created at of the last one seen ('' = from the newest)  4 its id
 *       5 since ('' = any)  6 until ('' = any)  7 workflow  8 status  9 user  10 session ('' = any)
 *       11 only of these owners (1 or 0)  12 key of the owner  13 user of the owner ('' = none)  14… fields
 * Returns {created at and id of the last one looked at, is it the last, records…}, each as a list of values.
 */
const LIST_RUNS = defineScript(
  'list-runs',
  `
local from = 0
if ARGV[3] ~= '' then
  local rank = redis.call('ZREVRANK', KEYS[1], ARGV[4])
  from = rank and rank + 1 or redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[3], '+inf')
elseif ARGV[6] ~= '' then
  from = redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[6], '+inf')
end
local entries = redis.call('ZREVRANGE', KEYS[1], from, from + ARGV[2] - 1, 'WITHSCORES')
local found = {'', '', #entries < 2 * ARGV[2] and 1 or 0}
local function fits(wanted, value) return wanted == '' or wanted == value end
for i = 1, #entries, 2 do
  if ARGV[5] ~= '' and tonumber(entries[i + 1]) < tonumber(ARGV[5]) then
    found[3] = 1
    break
  end
  found[1] = entries[i + 1]
  found[2] = entries[i]
  local key = KEYS[2] .. entries[i]
  local run = redis.call('HMGET', key, 'workflow', 'status', 'user_id', 'session_id', 'submitted_by')
  local owned = ARGV[11] == '0' or (ARGV[12] ~= '' and run[5] == ARGV[12]) or (ARGV[13] ~= '' and run[3] == ARGV[13])
  if run[1] and owned and fits(ARGV[7], run[1]) and fits(ARGV[8], run[2]) and fits(ARGV[9], run[3])
    and fits(ARGV[10], run[4]) then
    found[#found + 1] = redis.call('HMGET', key, unpack(ARGV, 14))
    if #found - 3 == tonumber(ARGV[1]) then
      if i + 1 < #entries then found[3] = 0 end
      break
    end
  end
end
return found
`,
);

export interface RunQuery {
  readonly workflow?: string | undefined;
  readonly status?: RunStatus | undefined;
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
  /** Epoch ms of admission, both included. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Only runs that this key submitted or that belong to this user. */
  readonly owner?: { readonly keyId?: string | undefined; readonly userId?: string | undefined } | undefined;
  readonly limit: number;
  /** The last one that was looked at before. */
  readonly after?: RunPosition | undefined;
}

/**
 * Runs newest first. The runs of a session are found in its own index; every other filter is applied while passing
 * over the index of all.
 * Redis: a round trip for each 500 runs looked at, at most 10.
 *
 * @returns `next` null when there are no more; a page may hold less than `limit` and still have a next one
 */
export async function listRuns(
  store: RedisStore,
  query: RunQuery,
): Promise<{ items: ListedRun[]; next: RunPosition | null }> {
  const items: ListedRun[] = [];
  let after = query.after;
  for (let scans = 0; scans < MOST_SCANS; scans++) {
    const page = await scan(store, query, query.limit - items.length, after);
    items.push(...page.items);
    if (page.isLast) return { items, next: null };
    after = page.last;
    if (items.length >= query.limit) break;
  }
  return { items, next: after ?? null };
}

async function scan(store: RedisStore, query: RunQuery, wanted: number, after: RunPosition | undefined) {
  const { keys } = store;
  const { sessionId, owner } = query;
  const reply = (await run(
    store,
    LIST_RUNS,
    [sessionId === undefined ? keys.runIndex() : keys.sessionRuns(sessionId), keys.run('')],
    [
      wanted,
      SCAN,
      after?.at ?? '',
      after?.id ?? '',
      query.since ?? '',
      query.until ?? '',
      query.workflow ?? '',
      query.status ?? '',
      query.userId ?? '',
      sessionId ?? '',
      owner === undefined ? 0 : 1,
      owner?.keyId ?? '',
      owner?.userId ?? '',
      ...LISTED_FIELDS,
    ],
  )) as ScriptValue[];
  const [at, id, isLast, ...records] = reply;
  return {
    items: records.map((values) => decodeListed(toHash(values as (string | null)[]))),
    isLast: isLast === 1,
    last: { at: Number(at), id: String(id) },
  };
}

function toHash(values: readonly (string | null)[]): Record<string, string> {
  const known = values.flatMap((value, i) => (value === null ? [] : [[LISTED_FIELDS[i]!, value] as const]));
  return Object.fromEntries(known);
}
