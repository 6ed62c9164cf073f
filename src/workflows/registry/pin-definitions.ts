import { FleetError } from '../../kernel/errors.ts';
import { pinOf } from '../../primitives/plan/hash.ts';
import { defineScript, runScript } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import type { WorkflowDefinition } from '../definition.ts';

/**
 * KEYS  1 pins  2 definitions
 * ARGV  1 hold | accept (changes) | look (write nothing)  2… field and hash of each definition
 * Returns the conflicts as field, hash that stands ('' = a registered definition has this version), …; nothing is
 * written when there are any.
 */
const PIN_DEFINITIONS = defineScript(
  'pin-definitions',
  `
local conflicts = {}
for i = 2, #ARGV, 2 do
  local known = redis.call('HGET', KEYS[1], ARGV[i])
  if known and known ~= ARGV[i + 1] and ARGV[1] ~= 'accept' then
    conflicts[#conflicts + 1] = ARGV[i]
    conflicts[#conflicts + 1] = known
  elseif not known and redis.call('HSTRLEN', KEYS[2], ARGV[i]) > 64 then
    conflicts[#conflicts + 1] = ARGV[i]
    conflicts[#conflicts + 1] = ''
  end
end
if #conflicts > 0 or ARGV[1] == 'look' then return conflicts end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return conflicts
`,
);

/**
 * Hold the definitions in code to their versions: what a version means to one process it means to all, now and
 * after the next deployment, because open runs continue with it.
 *
 * @param mode  `accept`: a changed plan takes the place of the one that was known; `look`: nothing is written
 * Errors: version_exists (conflict), naming definition, version and both hashes
 * Redis: one round trip
 */
export async function pinDefinitions(
  store: RedisStore,
  definitions: readonly WorkflowDefinition[],
  mode: 'hold' | 'accept' | 'look',
): Promise<void> {
  if (definitions.length === 0) return;
  const pins = new Map(definitions.map(({ name, version, plan }) => [`${name}@${version}`, pinOf(plan)]));
  const { keys, redis } = store;
  const conflicts = (await runScript(
    redis,
    PIN_DEFINITIONS,
    [keys.definitionPins(), keys.definitions()],
    [mode, ...[...pins].flat()],
  )) as string[];
  const [field, known] = conflicts;
  if (field === undefined) return;
  throw versionExists(field, pins.get(field)!, known ?? '', conflicts.length / 2 - 1);
}

function versionExists(field: string, hash: string, known: string, others: number): FleetError {
  const [name, version] = field.split('@');
  const reason =
    known === ''
      ? 'a registered definition has this version'
      : `its plan changed: known here as ${known}, now ${hash}`;
  const more = others === 0 ? '' : ` (and ${others} more)`;
  return new FleetError({
    code: 'version_exists',
    kind: 'conflict',
    message: `workflow ${field}: ${reason}${more}; raise the version, so that open runs keep the plan they began with`,
    details: { name, version: Number(version), hash, ...(known === '' ? {} : { existing_hash: known }) },
  });
}
