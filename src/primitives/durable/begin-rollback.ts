import { defineScript, type ScriptValue } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { START } from '../effects/effect.ts';
import type { EffectEntry } from './effect-records.ts';
import { run, toObject } from './journal-store.ts';
import { LUA_ACCEPTS, LUA_IS_OPEN } from './lua-parts.ts';

/**
 * KEYS  1 run  2 effects  3 lock of the rollback
 * ARGV  1 savepoint  2 token  3 lease in ms  4 whether the run is ending with it (1 or 0)
 * Returns {verdict, status, number of the last effect that stays, the ledger}.
 */
const BEGIN_ROLLBACK = defineScript(
  'begin-rollback',
  `${LUA_IS_OPEN}
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return {'missing', '', 0, {}} end
if ARGV[4] == '0' and is_open(status) then return {'active', status, 0, {}} end
if ARGV[4] == '1' and (status ~= 'compensating' or redis.call('HEXISTS', KEYS[1], 'rollback_done') == 1) then
  return {'over', status, 0, {}}
end
local stays = '0'
if ARGV[1] ~= '${START}' then
  stays = redis.call('HGET', KEYS[2], 's:' .. ARGV[1])
  if not stays then return {'savepoint_not_found', status, 0, {}} end
end
if not redis.call('SET', KEYS[3], ARGV[2], 'NX', 'PX', ARGV[3]) then return {'in_progress', status, 0, {}} end
return {'begun', status, stays, redis.call('HGETALL', KEYS[2])}
`,
);

/** A recorded effect as whoever undoes it needs it. */
export interface LedgerEntry {
  readonly seq: number;
  readonly effect: EffectEntry;
  /** What a file held before: null = there was none. */
  readonly before: string | null;
  /** Digests of everything the step may have written to the file. */
  readonly digests: readonly string[];
  readonly isUndone: boolean;
}

export type RollbackStart =
  /** The entries after the savepoint, newest first. */
  | { readonly verdict: 'begun'; readonly entries: readonly LedgerEntry[] }
  | {
      /** `over`: the run that is ending was rolled back by somebody else meanwhile. */
      readonly verdict: 'missing' | 'active' | 'over' | 'savepoint_not_found' | 'in_progress';
      readonly status: string;
    };

/**
 * Take a run for rolling it back: one at a time, for as long as the lease is renewed. Nothing is undone yet.
 * Redis: one round trip.
 */
export async function beginRollback(
  store: RedisStore,
  request: {
    readonly runId: string;
    readonly savepoint: string;
    readonly token: string;
    readonly leaseMs: number;
    readonly isEnding: boolean;
  },
): Promise<RollbackStart> {
  const { keys } = store;
  const { runId } = request;
  const [verdict, status, stays, ledger] = (await run(
    store,
    BEGIN_ROLLBACK,
    [keys.run(runId), keys.runEffects(runId), keys.runRollback(runId)],
    [request.savepoint, request.token, request.leaseMs, request.isEnding ? 1 : 0],
  )) as [RollbackStart['verdict'], string, string | number, ScriptValue];
  if (verdict !== 'begun') return { verdict, status };
  return { verdict, entries: entriesAfter(toObject(ledger), Number(stays)) };
}

function entriesAfter(ledger: Readonly<Record<string, string>>, stays: number): LedgerEntry[] {
  const entries: LedgerEntry[] = [];
  for (let seq = Number(ledger['n'] ?? 0); seq > stays; seq--) {
    const text = ledger[`e:${seq}`];
    if (text === undefined) continue;
    entries.push({
      seq,
      // Entries are written by our own scripts only.
      effect: JSON.parse(text) as EffectEntry,
      before: ledger[`p:${seq}`] ?? null,
      digests: ledger[`a:${seq}`]?.split(' ') ?? [],
      isUndone: ledger[`u:${seq}`] !== undefined,
    });
  }
  return entries;
}

/**
 * KEYS 1 run 2 effects · ARGV 1 savepoint 2 who asks, as JSON
 * Returns asked, not_open, missing or savepoint_not_found.
 */
const ASK_ROLLBACK = defineScript(
  'ask-rollback',
  `${LUA_ACCEPTS}
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return 'missing' end
if not accepts(status) then return 'not_open' end
if ARGV[1] ~= '${START}' and redis.call('HEXISTS', KEYS[2], 's:' .. ARGV[1]) == 0 then return 'savepoint_not_found' end
redis.call('HSET', KEYS[1], 'rollback_asked', ARGV[1], 'rollback_by', ARGV[2])
return 'asked'
`,
);

/** Have an open run rolled back to this savepoint when it ends without completing, whatever its workflow says. */
export async function askRollback(
  store: RedisStore,
  request: { readonly runId: string; readonly savepoint: string; readonly by: unknown },
): Promise<'asked' | 'not_open' | 'missing' | 'savepoint_not_found'> {
  const { keys } = store;
  return (await run(
    store,
    ASK_ROLLBACK,
    [keys.run(request.runId), keys.runEffects(request.runId)],
    [request.savepoint, JSON.stringify(request.by)],
  )) as 'asked';
}
