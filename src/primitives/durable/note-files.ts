import { defineScript } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import type { JobLock } from './commit-step.ts';
import type { EffectEntry } from './effect-records.ts';
import { run } from './journal-store.ts';
import { LUA_ACCEPTS, LUA_RECORD_EFFECT } from './lua-parts.ts';

/**
 * KEYS  1 run  2 effects  3 lock of the job  4 errors
 * ARGV  1 path  2 lock token  then for each file: entry, name, content before as base64 ('' = there was none, else
 *       '=' and the content), digest of the content after
 * A file that the step has noted before keeps what was there before the first time, and gets another digest.
 */
const NOTE_FILES = defineScript(
  'note-files',
  `${LUA_ACCEPTS}${LUA_RECORD_EFFECT}
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return {'missing', ''} end
if not accepts(status) then return {'closed', status} end
if redis.call('GET', KEYS[3]) ~= ARGV[2] then return {'fenced', ''} end
if redis.call('HEXISTS', KEYS[4], ARGV[1]) == 1 then return {'abandoned', ''} end
for i = 3, #ARGV, 4 do
  local place = 'f:' .. ARGV[1] .. ':' .. ARGV[i + 1]
  local seq = redis.call('HGET', KEYS[2], place)
  if not seq then
    seq = record_effect(KEYS[2], ARGV[i], ARGV[i + 2] ~= '' and string.sub(ARGV[i + 2], 2))
    redis.call('HSET', KEYS[2], place, seq)
  end
  local digests = redis.call('HGET', KEYS[2], 'a:' .. seq)
  redis.call('HSET', KEYS[2], 'a:' .. seq, digests and digests .. ' ' .. ARGV[i + 3] or ARGV[i + 3])
end
redis.call('HSET', KEYS[1], 'has_effects', 1)
return {'noted', ''}
`,
);

/** A file about to be written. */
export interface FileToNote {
  readonly file: string;
  /** Null: there is none. */
  readonly before: Buffer | null;
  /** SHA-256 of the content to come, hex. */
  readonly digest: string;
}

export type NoteOutcome =
  | { readonly verdict: 'noted' | 'fenced' | 'abandoned' | 'missing' }
  | { readonly verdict: 'closed'; readonly status: string };

/**
 * Write down what undoes the files a step is about to write. A file cannot be part of a script, so this comes first:
 * whatever happens after it, the file can be put back.
 * Redis: one round trip, for steps with files only.
 */
export async function noteFiles(
  store: RedisStore,
  request: {
    readonly runId: string;
    readonly path: string;
    readonly lock: JobLock;
    readonly files: readonly FileToNote[];
    readonly nowMs: number;
  },
): Promise<NoteOutcome> {
  const { keys } = store;
  const { runId, path, lock, nowMs } = request;
  const [verdict, status] = (await run(
    store,
    NOTE_FILES,
    [keys.run(runId), keys.runEffects(runId), lock.key, keys.runErrors(runId)],
    [
      path,
      lock.token,
      ...request.files.flatMap(({ file, before, digest }) => [
        JSON.stringify({ kind: 'file', step: path, at: nowMs, file } satisfies EffectEntry),
        file,
        before === null ? '' : `=${before.toString('base64')}`,
        digest,
      ]),
    ],
  )) as ['noted', string];
  return { verdict, status } as NoteOutcome;
}
