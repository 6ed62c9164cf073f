import type { RunToken } from '../../contracts/token.ts';
import { defineScript, toBackendError } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import type { JobLock } from './commit-step.ts';
import { run } from './journal-store.ts';

/** Tokens are there to be followed; the text itself is in the output of the step. */
const KEEP_SECONDS = 3600;
const MOST_PIECES = 5000;
/** Steps that write at the same time share the stream: the last piece of one is among so many. */
const LOOK_BACK = 200;

const LUA_PIECE = `
local function add(step, attempt, seq, text, reset, final, blocked)
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ${MOST_PIECES}, '*', 'step', step, 'attempt', attempt, 'seq', seq,
    'text', text, 'reset', reset, 'final', final, 'blocked', blocked)
  redis.call('EXPIRE', KEYS[1], ${KEEP_SECONDS})
  redis.call('PUBLISH', KEYS[1], 'token')
end
`;

/**
 * KEYS  1 tokens  2 lock of the job
 * ARGV  1 lock token  2 step  3 attempt  4 seq  5 text  6 reset (1 or '')  7 final (1 or '')  8 blocked (1 or '')
 * Returns 1, or 0 when somebody else holds the job by now.
 */
const APPEND = defineScript(
  'append-token',
  `${LUA_PIECE}
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
add(ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8])
return 1
`,
);

/**
 * KEYS  1 tokens
 * ARGV  1 step
 * Adds the final piece of a step that wrote and has none.
 */
const FINISH = defineScript(
  'finish-tokens',
  `${LUA_PIECE}
for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', ${LOOK_BACK})) do
  local of = {}
  for i = 1, #entry[2], 2 do of[entry[2][i]] = entry[2][i + 1] end
  if of.step == ARGV[1] then
    if of.final == '' then add(of.step, of.attempt, tonumber(of.seq) + 1, '', '', '1', '') end
    return 1
  end
end
return 0
`,
);

export interface Piece {
  readonly step: string;
  readonly attempt: number;
  readonly seq: number;
  readonly text: string;
  readonly isReset: boolean;
  readonly isFinal: boolean;
  /** What came before may not be told. */
  readonly isBlocked?: boolean;
}

/** @returns false when another worker holds the job by now: nothing was written. One round trip. */
export async function appendToken(
  store: RedisStore,
  runId: string,
  lock: JobLock,
  { step, attempt, seq, text, isReset, isFinal, isBlocked = false }: Piece,
): Promise<boolean> {
  const args = [lock.token, step, attempt, seq, text, isReset ? 1 : '', isFinal ? 1 : '', isBlocked ? 1 : ''];
  return (await run(store, APPEND, [store.keys.runTokens(runId), lock.key], args)) === 1;
}

/** The worker that recorded the result may have died before it said that the text is complete. */
export async function finishTokens(store: RedisStore, runId: string, step: string): Promise<void> {
  await run(store, FINISH, [store.keys.runTokens(runId)], [step]);
}

/** Pieces after `after` (exclusive stream id), oldest first. Errors: backend_unavailable */
export async function readTokens(
  store: RedisStore,
  runId: string,
  after: string | undefined,
): Promise<RunToken[]> {
  const from = after === undefined ? '-' : `(${after}`;
  let entries;
  try {
    entries = await store.redis.xrange(store.keys.runTokens(runId), from, '+', 'COUNT', MOST_PIECES);
  } catch (error) {
    throw toBackendError(error, 'reading the tokens of a run');
  }
  return entries.map(([id, flat]) => {
    const of = new Map<string, string>();
    for (let i = 0; i + 1 < flat.length; i += 2) of.set(flat[i]!, flat[i + 1]!);
    return {
      id,
      run_id: runId,
      step: of.get('step') ?? '',
      attempt: Number(of.get('attempt')),
      seq: Number(of.get('seq')),
      text: of.get('text') ?? '',
      ...(of.get('reset') === '1' && { reset: true as const }),
      ...(of.get('final') === '1' && { final: true as const }),
      ...(of.get('blocked') === '1' && { blocked: true as const }),
    };
  });
}
