import { defineScript, type Script } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { run } from './journal-store.ts';
import { LUA_NOTE_PATCH } from './lua-parts.ts';

// Each script undoes one effect and marks it, or does neither. Every one begins with the same
// KEYS  1 run  2 effects  3 lock of the rollback
// ARGV  1 token  2 lease in ms  3 number of the effect  4 now
// and answers undone, nothing (there is nothing left to undo: marked, too), before (it was marked already), lost
// (somebody else rolls the run back by now), conflict, or raced.
const LUA_CLAIM = `
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 'lost' end
redis.call('PEXPIRE', KEYS[3], ARGV[2])
if redis.call('HEXISTS', KEYS[2], 'u:' .. ARGV[3]) == 1 then return 'before' end
local function mark()
  redis.call('HSET', KEYS[2], 'u:' .. ARGV[3], ARGV[4])
  redis.call('HSET', KEYS[1], 'undone', 1)
end
`;

/** What was done elsewhere is marked. */
const MARK_UNDONE = defineScript('mark-undone', `${LUA_CLAIM}mark()\nreturn 'undone'\n`);

/** KEYS 4 the key · ARGV 5 what was done (set | delete) 6 value 7 whether it may have expired (1 or 0) */
const UNDO_KEY = defineScript(
  'undo-key',
  `${LUA_CLAIM}
local kind = redis.call('TYPE', KEYS[4]).ok
if kind ~= 'none' and kind ~= 'string' then return 'conflict' end
local current = redis.call('GET', KEYS[4])
local before = redis.call('HGET', KEYS[2], 'p:' .. ARGV[3])
local ours = not current and (ARGV[5] == 'delete' or ARGV[7] == '1')
if ARGV[5] == 'set' and current == ARGV[6] then ours = true end
if not ours and current ~= before then return 'conflict' end
mark()
if not ours then return 'nothing' end
local expires = redis.call('HGET', KEYS[2], 'x:' .. ARGV[3])
local left = expires and tonumber(expires) - tonumber(ARGV[4])
if before and not left then redis.call('SET', KEYS[4], before)
elseif before and left > 0 then redis.call('SET', KEYS[4], before, 'PX', left)
else redis.call('DEL', KEYS[4]) end
return 'undone'
`,
);

/** KEYS 4 session 5 turns · ARGV 5 run id 6 turn 7 stream entry */
const UNDO_TURN = defineScript(
  'undo-turn',
  `${LUA_CLAIM}
if redis.call('EXISTS', KEYS[4]) == 0 then
  mark()
  return 'nothing'
end
local session = redis.call('HMGET', KEYS[4], 'turn', 'active')
if session[1] ~= ARGV[6] or (session[2] and session[2] ~= ARGV[5]) then return 'conflict' end
redis.call('XDEL', KEYS[5], ARGV[7])
for field, value in pairs(cjson.decode(redis.call('HGET', KEYS[2], 'p:' .. ARGV[3]))) do
  if value then redis.call('HSET', KEYS[4], field, value) else redis.call('HDEL', KEYS[4], field) end
end
mark()
return 'undone'
`,
);

/**
 * KEYS 4 world 5 its history 6 outbox · ARGV 5 version it was read at 6 next version 7 next data 8 world id 9 run id
 * 10 step 11 operations 12 undo of this undoing 13 after-image for the outbox ('' = none)
 */
const UNDO_WORLD = defineScript(
  'undo-world',
  `${LUA_NOTE_PATCH}${LUA_CLAIM}
if redis.call('HGET', KEYS[4], 'version') ~= ARGV[5] then return 'raced' end
redis.call('HSET', KEYS[4], 'version', ARGV[6], 'data', ARGV[7])
note_patch(KEYS[4], KEYS[5], KEYS[6], ARGV[4], {version = ARGV[6], world_id = ARGV[8], run_id = ARGV[9],
  step = ARGV[10], ops = ARGV[11], undo = ARGV[12], after = ARGV[13]})
mark()
return 'undone'
`,
);

/** KEYS 1 lock of the rollback · ARGV 1 token 2 lease in ms */
const RENEW_ROLLBACK = defineScript(
  'renew-rollback',
  `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`,
);

export type UndoVerdict = 'undone' | 'nothing' | 'before' | 'lost' | 'conflict' | 'raced';

/** One effect of a run, and by whom it is undone. */
export interface UndoClaim {
  readonly runId: string;
  readonly token: string;
  readonly leaseMs: number;
  readonly seq: number;
  readonly nowMs: number;
}

/** One round trip each. */
export function markUndone(store: RedisStore, claim: UndoClaim): Promise<UndoVerdict> {
  return undo(store, claim, MARK_UNDONE, [], []);
}

export function undoKey(
  store: RedisStore,
  claim: UndoClaim,
  done: { readonly name: string; readonly value: string | null; readonly hasExpiry: boolean },
): Promise<UndoVerdict> {
  const { name, value, hasExpiry } = done;
  const args = [value === null ? 'delete' : 'set', value ?? '', hasExpiry ? 1 : 0];
  return undo(store, claim, UNDO_KEY, [store.keys.own(name)], args);
}

export function undoTurn(
  store: RedisStore,
  claim: UndoClaim,
  done: { readonly session: string; readonly turn: number; readonly entry: string },
): Promise<UndoVerdict> {
  const { session, turn, entry } = done;
  const keys = [store.keys.session(session), store.keys.sessionTurns(session)];
  return undo(store, claim, UNDO_TURN, keys, [claim.runId, turn, entry]);
}

/** `raced`: somebody wrote since the world was read. */
export function undoWorld(
  store: RedisStore,
  claim: UndoClaim,
  next: {
    readonly worldId: string;
    readonly readVersion: number;
    readonly version: number;
    readonly data: string;
    /** Path of the step whose change is taken back. */
    readonly step: string;
    readonly ops: string;
    readonly undo: string;
    readonly after?: string;
  },
): Promise<UndoVerdict> {
  const { keys } = store;
  const { worldId } = next;
  const args = [
    next.readVersion,
    next.version,
    next.data,
    worldId,
    claim.runId,
    next.step,
    next.ops,
    next.undo,
    next.after ?? '',
  ];
  return undo(
    store,
    claim,
    UNDO_WORLD,
    [keys.world(worldId), keys.worldHistory(worldId), keys.worldOutbox()],
    args,
  );
}

/** @returns false when somebody else holds the rollback. One round trip. */
export async function renewRollback(
  store: RedisStore,
  claim: Pick<UndoClaim, 'runId' | 'token' | 'leaseMs'>,
): Promise<boolean> {
  const renewed = await run(
    store,
    RENEW_ROLLBACK,
    [store.keys.runRollback(claim.runId)],
    [claim.token, claim.leaseMs],
  );
  return renewed === 1;
}

async function undo(
  store: RedisStore,
  claim: UndoClaim,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<UndoVerdict> {
  const { runId, token, leaseMs, seq, nowMs } = claim;
  return (await run(
    store,
    script,
    [store.keys.run(runId), store.keys.runEffects(runId), store.keys.runRollback(runId), ...keys],
    [token, leaseMs, seq, nowMs, ...args],
  )) as UndoVerdict;
}
