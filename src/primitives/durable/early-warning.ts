import type { EarlyWarningEntry } from '../../contracts/rollback.ts';
import { toIso } from '../../kernel/clock.ts';
import { defineScript } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { run } from './journal-store.ts';
import { LUA_ACCEPTS, LUA_EMIT } from './lua-parts.ts';
import { LUA_NOTE_HISTORY } from './run-history.ts';
import type { RunRecord } from './run-record.ts';

/** A limit is warned of when so much of it has passed. */
export const EARLY = 0.75;

/**
 * KEYS  1 run  2 events  3 history
 * ARGV  1 now  2 step ('' = the run itself)  3 agent  4 event data  5 entry  6 seconds the history is kept
 * Returns 1 when the run is going on and nobody has warned of this limit since it was last resumed.
 */
const NOTE_EARLY_WARNING = defineScript(
  'note-early-warning',
  `${LUA_ACCEPTS}${LUA_EMIT}${LUA_NOTE_HISTORY}
local mark = 'warned:' .. ARGV[2]
local run = redis.call('HMGET', KEYS[1], 'status', 'ending', 'resumes', mark)
if not run[1] or not accepts(run[1]) or run[2] or run[4] == (run[3] or '0') then return 0 end
redis.call('HSET', KEYS[1], mark, run[3] or '0')
emit(KEYS[2], 'run.early_warning', ARGV[1], ARGV[2], ARGV[3], ARGV[4])
note_history(KEYS[3], ARGV[5], ARGV[6])
return 1
`,
);

/** Most of a time limit has passed: of one attempt of a step, or of the whole run. */
export interface EarlyWarning {
  readonly runId: string;
  readonly scope: 'step' | 'run';
  /** The path and agent of the step; empty for the run. */
  readonly step: string;
  readonly agent: string;
  readonly elapsedMs: number;
  readonly limitMs: number;
}

/**
 * Warn of a limit, once: mark, event and history are one step.
 * @returns false when somebody had warned of it, or the run is ending anyway. One round trip.
 */
export async function noteEarlyWarning(
  store: RedisStore,
  warning: EarlyWarning,
  at: { readonly nowMs: number; readonly keepSeconds: number },
): Promise<boolean> {
  const { keys } = store;
  const { runId, scope, step, agent } = warning;
  const data = {
    scope,
    ...(step === '' ? {} : { step }),
    elapsed_ms: Math.round(warning.elapsedMs),
    limit_ms: Math.round(warning.limitMs),
  };
  const entry: EarlyWarningEntry = { kind: 'early_warning', at: toIso(at.nowMs), ...data };
  const noted = await run(
    store,
    NOTE_EARLY_WARNING,
    [keys.run(runId), keys.runEvents(runId), keys.runRollbacks(runId)],
    [at.nowMs, step, agent, JSON.stringify(data), JSON.stringify(entry), at.keepSeconds],
  );
  return noted === 1;
}

/** When a run is to be warned of; null while its time has not begun. */
export function runWarnsAt({
  deadline_at: deadlineAt,
  timeout_ms: timeoutMs,
}: Pick<RunRecord, 'deadline_at' | 'timeout_ms'>): number | null {
  return deadlineAt === undefined ? null : deadlineAt - timeoutMs * (1 - EARLY);
}
