import { FleetError } from '../../kernel/errors.ts';
import { defineScript, runScript, toBackendError } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';

/**
 * A definition is deleted in four steps, none of which holds Redis up:
 *
 * 1. the open runs are gone through in batches: while one is of this definition it is refused
 * 2. the versions are marked (`name@version!`): from now on no run of them is admitted
 * 3. the open runs are gone through again, for those that were admitted meanwhile
 * 4. what is left of a version is its SHA-256, and the mark is taken away
 *
 * So a run either keeps its definition, or is not admitted. A mark whose process died lapses. Starting and ending
 * runs cost nothing for it: only a run of a registered definition looks for a mark, in the script that admits it.
 */
const MARK_LIVES_MS = 60_000;

/**
 * KEYS  1 definitions
 * ARGV  1 name  2 version ('' = all)  3 now  4 mark: epoch ms at which it lapses, with a fraction of its own
 * Returns the fields that are marked now; 'busy' alone when somebody else deletes one of them.
 */
const MARK = defineScript(
  'mark-definition',
  `
local mine = ARGV[1] .. '@'
local fields = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  local version = string.sub(field, 1, #mine) == mine and tonumber(string.sub(field, #mine + 1))
  local wanted = version and (ARGV[2] == '' or version == tonumber(ARGV[2]))
  if wanted and redis.call('HSTRLEN', KEYS[1], field) > 64 then fields[#fields + 1] = field end
end
for _, field in ipairs(fields) do
  local mark = tonumber(redis.call('HGET', KEYS[1], field .. '!') or 0)
  if mark > tonumber(ARGV[3]) then return {'busy'} end
end
for _, field in ipairs(fields) do redis.call('HSET', KEYS[1], field .. '!', ARGV[4]) end
return fields
`,
);

/**
 * KEYS  1 definitions  2 revision, also the channel
 * ARGV  1 mark  2 now  3 delete or keep  4… marked fields
 * Returns 1, or 0 when the mark had lapsed: then nothing is deleted.
 */
const UNMARK = defineScript(
  'unmark-definition',
  `
local isOurs = tonumber(ARGV[1]) > tonumber(ARGV[2])
for i = 4, #ARGV do
  if redis.call('HGET', KEYS[1], ARGV[i] .. '!') ~= ARGV[1] then isOurs = false end
end
if not isOurs then return 0 end
for i = 4, #ARGV do
  redis.call('HDEL', KEYS[1], ARGV[i] .. '!')
  if ARGV[3] == 'delete' then
    redis.call('HSET', KEYS[1], ARGV[i], string.sub(redis.call('HGET', KEYS[1], ARGV[i]), 1, 64))
  end
end
if ARGV[3] == 'delete' then redis.call('PUBLISH', KEYS[2], redis.call('INCR', KEYS[2])) end
return 1
`,
);

/**
 * Delete one version of a definition, or all of them, while none has open runs.
 *
 * Errors: workflow_not_found (not_found), definition_in_use (conflict), backend_unavailable
 * Redis: four round trips, and four for each 1 000 open runs
 */
export async function deleteDefinition(
  store: RedisStore,
  name: string,
  version: number | undefined,
  nowMs: number,
): Promise<void> {
  const refuseIfUsed = async (): Promise<void> => {
    const used = await findOpenRun(store, name, version);
    if (used === null) return;
    const reason = `it has open runs, for example ${used.runId}: wait for their end, or cancel them`;
    throw definitionInUse(name, used.version, reason, { run_id: used.runId });
  };
  await refuseIfUsed();
  const { redis, keys } = store;
  const mark = nowMs + MARK_LIVES_MS + Math.random();
  const args = [name, version ?? '', nowMs, mark];
  const fields = (await runScript(redis, MARK, [keys.definitions()], args)) as string[];
  if (fields.length === 0) throw notRegistered(name, version);
  if (fields[0] === 'busy') throw definitionInUse(name, version, 'somebody else deletes it at this moment');
  const beganAt = performance.now();
  const unmark = (what: 'delete' | 'keep') =>
    runScript(
      redis,
      UNMARK,
      [keys.definitions(), keys.definitionsRevision()],
      [mark, nowMs + performance.now() - beganAt, what, ...fields],
    );
  try {
    await refuseIfUsed();
  } catch (error) {
    await unmark('keep');
    throw error;
  }
  if ((await unmark('delete')) === 0) {
    throw definitionInUse(name, version, 'looking for its runs took too long; try again');
  }
}

const BATCH = 1_000;

async function findOpenRun(
  { redis, keys }: RedisStore,
  name: string,
  version: number | undefined,
): Promise<{ runId: string; version: number } | null> {
  try {
    let cursor = '0';
    do {
      const [next, scored] = await redis.zscan(keys.deadlines(), cursor, 'COUNT', BATCH);
      cursor = next;
      const runIds = scored.filter((_, index) => index % 2 === 0);
      const pipeline = redis.pipeline();
      for (const runId of runIds) pipeline.hmget(keys.run(runId), 'workflow', 'version');
      for (const [index, [error, run]] of ((await pipeline.exec()) ?? []).entries()) {
        if (error !== null) throw error;
        const [workflow, own] = run as [string | null, string | null];
        if (workflow !== name || (version !== undefined && Number(own) !== version)) continue;
        return { runId: runIds[index]!, version: Number(own) };
      }
    } while (cursor !== '0');
    return null;
  } catch (error) {
    throw toBackendError(error, 'looking for open runs');
  }
}

function notRegistered(name: string, version: number | undefined): FleetError {
  const what = version === undefined ? `"${name}"` : `${name}@${version}`;
  return new FleetError({
    code: 'workflow_not_found',
    kind: 'not_found',
    message: `there is no registered definition ${what}`,
    details: { name, ...(version === undefined ? {} : { version }) },
  });
}

export function definitionInUse(
  name: string,
  version: number | undefined,
  reason: string,
  details: Readonly<Record<string, unknown>> = {},
): FleetError {
  const what = version === undefined ? `"${name}"` : `${name}@${version}`;
  return new FleetError({
    code: 'definition_in_use',
    kind: 'conflict',
    message: `workflow ${what} cannot be deleted: ${reason}`,
    details: { name, ...(version === undefined ? {} : { version }), ...details },
  });
}
