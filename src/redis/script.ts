import { createHash } from 'node:crypto';
import { FleetError, isFleetError } from '../kernel/errors.ts';
import type { RedisClient } from './connect.ts';

/** A Lua script with its digest: sent by digest, and in full only when the server does not know it yet. */
export interface Script {
  readonly name: string;
  readonly lua: string;
  readonly sha: string;
}

const BY_DIGEST = new Map<string, Script>();

export function defineScript(name: string, lua: string): Script {
  const script = { name, lua, sha: createHash('sha1').update(lua).digest('hex') };
  BY_DIGEST.set(script.sha, script);
  return script;
}

/** The script that a command names by its digest; undefined when it is none of ours. */
export function scriptByDigest(sha: string): Script | undefined {
  return BY_DIGEST.get(sha);
}

export function scriptNames(): string[] {
  return [...BY_DIGEST.values()].map(({ name }) => name).sort();
}

export type ScriptValue = string | number | null | readonly ScriptValue[];

/**
 * Run a script in one round trip.
 * Errors: backend_unavailable (unavailable) when Redis cannot be reached, script_failed (internal) otherwise.
 */
export async function runScript(
  redis: RedisClient,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<ScriptValue> {
  try {
    return await evaluate(redis, script, keys, args);
  } catch (error) {
    throw toBackendError(error, script.name);
  }
}

async function evaluate(
  redis: RedisClient,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<ScriptValue> {
  try {
    return (await redis.evalsha(script.sha, keys.length, ...keys, ...args)) as ScriptValue;
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return (await redis.eval(script.lua, keys.length, ...keys, ...args)) as ScriptValue;
  }
}

/** An error reply means that our script is wrong; everything else means that Redis is not there. */
export function toBackendError(error: unknown, what: string): FleetError {
  if (isFleetError(error)) return error;
  const reply = error instanceof Error && error.name === 'ReplyError';
  const loading = reply && /^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN)/.test(error.message);
  if (reply && !loading) {
    return new FleetError({
      code: 'script_failed',
      kind: 'internal',
      message: `Redis refused ${what}: ${error.message}`,
      cause: error,
    });
  }
  return new FleetError({
    code: 'backend_unavailable',
    kind: 'unavailable',
    message: `Redis did not answer (${what})`,
    retryAfterMs: 1000,
    cause: error,
  });
}
