import { FleetError } from '../../kernel/errors.ts';
import { definitionHash } from '../../primitives/plan/hash.ts';
import { defineScript, runScript } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';

/**
 * A value is the SHA-256 of the content (64 characters), then its JSON; a deleted one is the SHA-256 alone.
 *
 * KEYS  1 definitions  2 revision, also the channel  3 pins of the definitions in code
 * ARGV  1 name  2 version ('' = the next one)  3 SHA-256  4 JSON
 * Returns {verdict, version, SHA-256 that stands}.
 */
const PUT_DEFINITION = defineScript(
  'put-definition',
  `
local mine = ARGV[1] .. '@'
local function versions(key)
  local found = {}
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if string.sub(field, 1, #mine) == mine then
      found[#found + 1] = tonumber(string.sub(field, #mine + 1))
    end
  end
  return found
end
if #versions(KEYS[3]) > 0 then return {'reserved', 0, ''} end
local version = tonumber(ARGV[2])
if not version then
  local newest, last = 0, 0
  for _, known in ipairs(versions(KEYS[1])) do
    last = math.max(last, known)
    if redis.call('HSTRLEN', KEYS[1], mine .. known) > 64 then newest = math.max(newest, known) end
  end
  if newest > 0 and string.sub(redis.call('HGET', KEYS[1], mine .. newest), 1, 64) == ARGV[3] then
    return {'identical', newest, ARGV[3]}
  end
  version = last + 1
end
local field = string.format('%s%d', mine, version)
local known = redis.call('HGET', KEYS[1], field)
if known then
  local sha = string.sub(known, 1, 64)
  if sha ~= ARGV[3] then return {'version_exists', version, sha} end
  if #known > 64 then return {'identical', version, sha} end
end
redis.call('HSET', KEYS[1], field, ARGV[3] .. ARGV[4])
redis.call('PUBLISH', KEYS[2], redis.call('INCR', KEYS[2]))
return {'created', version, ARGV[3]}
`,
);

/** What is stored beside the definition itself. */
export interface StoredBy {
  readonly created_at: string;
  readonly created_by: string;
}

export interface PutOutcome {
  /** False: the same content stood there before, and nothing was changed. */
  readonly created: boolean;
  readonly version: number;
  readonly sha256: string;
}

/**
 * Store a definition and announce it, as one step. Content that stands there already is no change; without a
 * version it becomes the next one, unless it is the newest already.
 *
 * @param content  the definition without its version
 * Errors: version_exists (conflict) for other content of a version that is or was taken, reserved_name (conflict)
 * Redis: one round trip
 */
export async function putDefinition(
  store: RedisStore,
  definition: { readonly name: string; readonly version: number | undefined; readonly content: unknown },
  by: StoredBy,
): Promise<PutOutcome> {
  const { name, content } = definition;
  const sha256 = definitionHash(content);
  const { keys, redis } = store;
  const [verdict, version, standing] = (await runScript(
    redis,
    PUT_DEFINITION,
    [keys.definitions(), keys.definitionsRevision(), keys.definitionPins()],
    [name, definition.version ?? '', sha256, JSON.stringify({ ...by, content })],
  )) as [string, number, string];
  if (verdict === 'reserved') throw reservedName(name);
  if (verdict === 'version_exists') {
    throw new FleetError({
      code: 'version_exists',
      kind: 'conflict',
      retryable: false,
      message: `workflow ${name}@${version} exists with other content, or did: leave the version out for the next one`,
      details: { name, version, sha256, existing_sha256: standing },
    });
  }
  return { created: verdict === 'created', version, sha256 };
}

export function reservedName(name: string): FleetError {
  return new FleetError({
    code: 'reserved_name',
    kind: 'conflict',
    retryable: false,
    message: `"${name}" is a workflow of the product: choose another name`,
    details: { name },
  });
}
