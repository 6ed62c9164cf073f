import type { Keys } from '../../redis/keys.ts';
import { runScript, type Script, type ScriptValue } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';

export function run(
  store: RedisStore,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<ScriptValue> {
  return runScript(store.redis, script, keys, args);
}

/** A flat field/value reply of HGETALL as an object. */
export function toObject(flat: ScriptValue | undefined): Record<string, string> {
  const object: Record<string, string> = {};
  if (!Array.isArray(flat)) return object;
  for (let i = 0; i + 1 < flat.length; i += 2) object[String(flat[i])] = String(flat[i + 1]);
  return object;
}

/** Scripts need a key where there is none (a run without a session): this one is never touched. */
export const NO_KEY_SUFFIX = 'none';
export function sessionKeys(keys: Keys, sessionId: string | undefined) {
  const id = sessionId ?? NO_KEY_SUFFIX;
  return {
    session: keys.session(id),
    pending: keys.sessionPending(id),
    turns: keys.sessionTurns(id),
  };
}
