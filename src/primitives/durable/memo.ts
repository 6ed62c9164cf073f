import type { FleetError } from '../../kernel/errors.ts';
import { defineScript, toBackendError } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { encodeMemo, once, type StepMemo } from '../effects/memo.ts';
import type { JobLock } from './commit-step.ts';
import { run } from './journal-store.ts';

/**
 * KEYS  1 remembered outputs of the step  2 lock of the job
 * ARGV  1 name  2 output  3 lock token  4 seconds it is kept
 * Returns {verdict, output}: the first output of a name stands.
 */
const REMEMBER = defineScript(
  'remember-output',
  `
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known then return {'known', known} end
if redis.call('GET', KEYS[2]) ~= ARGV[3] then return {'fenced', ''} end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return {'kept', ARGV[2]}
`,
);

export interface DurableMemoOptions {
  readonly store: RedisStore;
  readonly runId: string;
  readonly path: string;
  readonly lock: JobLock;
  /** False for a first delivery, which cannot have left anything: it does not look. */
  readonly isRepeated: boolean;
  readonly keepSeconds: number;
  /** What a worker that lost its job gets. */
  readonly lockLost: () => FleetError;
}

/**
 * Outputs of calls that cost something or may not be made twice, kept from the moment they are there until the run's
 * record goes: a step that is delivered again finds them. One round trip per output, and one to look on a repetition.
 */
export function durableMemo(options: DurableMemoOptions): StepMemo {
  const { store, lock } = options;
  const key = store.keys.runOutput(options.runId, options.path);
  let known: Promise<Record<string, string>> | undefined;
  const here = new Map<string, Promise<unknown>>();

  async function recorded(name: string): Promise<string | undefined> {
    if (!options.isRepeated) return undefined;
    known ??= store.redis.hgetall(key);
    try {
      return (await known)[name];
    } catch (error) {
      known = undefined;
      throw toBackendError(error, 'reading what a step remembers');
    }
  }

  async function produceOnce(name: string, produce: () => Promise<unknown>): Promise<unknown> {
    const earlier = await recorded(name);
    if (earlier !== undefined) return JSON.parse(earlier);
    const text = encodeMemo(name, await produce());
    const args = [name, text, lock.token, options.keepSeconds];
    const [verdict, output] = (await run(store, REMEMBER, [key, lock.key], args)) as [string, string];
    if (verdict === 'fenced') throw options.lockLost();
    return JSON.parse(output);
  }

  return { memo: (name, produce) => once(here, name, () => produceOnce(name, produce)) as never };
}
