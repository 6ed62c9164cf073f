import { MAX_METADATA_BYTES, type MetadataPatch } from '../../contracts/run.ts';
import { FleetError } from '../../kernel/errors.ts';
import { defineScript } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { run } from './journal-store.ts';

/**
 * KEYS 1 run · ARGV 1 expected text ('' = read only) 2 new text
 * Returns {is there, written (1 or 0), the text that stands}. The merging is done outside: Lua knows no empty lists.
 */
const SWAP_METADATA = defineScript(
  'swap-metadata',
  `
local run = redis.call('HMGET', KEYS[1], 'run_id', 'metadata_now', 'metadata')
if not run[1] then return {0, 0, ''} end
local known = run[2] or run[3] or '{}'
if ARGV[1] ~= known then return {1, 0, known} end
redis.call('HSET', KEYS[1], 'metadata_now', ARGV[2])
return {1, 1, ARGV[2]}
`,
);

/**
 * Merge a patch into what is shown as a run's metadata; nothing that somebody else writes meanwhile is lost. What the
 * run's plan sees stays as it was, because it must decide the same on every replay.
 *
 * Errors: validation_failed (more than 16 KiB). Two round trips, more when several write at once.
 * @returns false when there is no such run
 */
export async function mergeMetadata(
  store: RedisStore,
  runId: string,
  patch: MetadataPatch,
): Promise<boolean> {
  let known = '';
  let merged = '';
  for (;;) {
    const reply = await run(store, SWAP_METADATA, [store.keys.run(runId)], [known, merged]);
    const [exists, written, text] = reply as [number, number, string];
    if (exists === 0) return false;
    if (written === 1) return true;
    known = text;
    merged = merge(text, patch);
  }
}

function merge(text: string, patch: MetadataPatch): string {
  const merged = Object.entries({ ...(JSON.parse(text) as object), ...patch });
  const result = JSON.stringify(Object.fromEntries(merged.filter(([, value]) => value !== null)));
  const bytes = Buffer.byteLength(result);
  if (bytes <= MAX_METADATA_BYTES) return result;
  const message = `the metadata would have ${bytes} bytes of JSON; expected at most ${MAX_METADATA_BYTES}`;
  const problems = [{ path: '', message, code: 'too_big' }];
  throw new FleetError({ code: 'validation_failed', kind: 'invalid_input', message, problems });
}
