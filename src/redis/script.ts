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

/** Bytes reach the script as they are. */
export type ScriptArgument = string | number | Buffer;
export type ScriptValue = string | number | null | readonly ScriptValue[];

/**
 * Run a script in one round trip.
 * Errors: backend_unavailable (unavailable) when Redis cannot be reached, script_failed (internal) otherwise.
 */
export async function runScript(
  redis: RedisClient,
  script: Script,
  keys: readonly string[],
  args: readonly ScriptArgument[],
): Promise<ScriptValue> {
  try {
    return await evaluate(redis, script, keys, args);
  } catch (error) {
    throw toBackendError(error, script.name);
  }
}

/** The keys and arguments of one call among several. */
export interface ScriptCall {
  readonly keys: readonly string[];
  readonly args: readonly ScriptArgument[];
}

/**
 * Run a script several times in one pipeline. What Redis refuses is an error in the place of its answer; the other
 * calls are not touched by it.
 * Errors: backend_unavailable (unavailable) when Redis cannot be reached
 */
export async function runScripts(
  redis: RedisClient,
  script: Script,
  calls: readonly ScriptCall[],
): Promise<(ScriptValue | FleetError)[]> {
  if (calls.length === 0) return [];
  try {
    const answers = await pipelined(redis, script, calls);
    if (!answers.some(isUnknownScript)) return answers.map((answer) => settled(answer, script.name));
    await redis.script('LOAD', script.lua);
    const missing = calls.filter((_, index) => isUnknownScript(answers[index]));
    const repeated = (await pipelined(redis, script, missing)).values();
    return answers.map((answer) =>
      settled(isUnknownScript(answer) ? repeated.next().value : answer, script.name),
    );
  } catch (error) {
    throw toBackendError(error, script.name);
  }
}

async function pipelined(
  redis: RedisClient,
  script: Script,
  calls: readonly ScriptCall[],
): Promise<unknown[]> {
  const pipeline = redis.pipeline();
  for (const { keys, args } of calls) pipeline.evalsha(script.sha, keys.length, ...keys, ...args);
  const answers = (await pipeline.exec()) ?? [];
  return answers.map(([error, value]) => error ?? value);
}

function isUnknownScript(answer: unknown): boolean {
  return answer instanceof Error && answer.message.startsWith('NOSCRIPT');
}

/** A lost connection is everybody's error; what one call was refused is its own. */
function settled(answer: unknown, what: string): ScriptValue | FleetError {
  if (!(answer instanceof Error)) return answer as ScriptValue; // what a script returns is one
  const error = toBackendError(answer, what);
  if (error.code === 'backend_unavailable') throw error;
  return error;
}

async function evaluate(
  redis: RedisClient,
  script: Script,
  keys: readonly string[],
  args: readonly ScriptArgument[],
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
