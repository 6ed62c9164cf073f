import { Redis } from 'ioredis';

/**
 * A system outside of the fleet, as steps call it: it knows idempotency keys. It remembers what was asked under each
 * key, applies an effect once per key, and writes down what contradicts what it was told before.
 */
export interface Ledger {
  /** A handler begins. A key that comes again must come with the same input. */
  begin(key: string, attempt: number, input: unknown): Promise<void>;
  /** A handler has an effect. A key that comes again must come with the same one. */
  apply(key: string, effect: unknown): Promise<void>;
  close(): void;
}

/** What stands in the ledger in the end. */
export interface LedgerContents {
  /** Calls by idempotency key and attempt: more than one means that the first was lost with its process. */
  readonly calls: ReadonlyMap<string, number>;
  /** Keys whose effect was applied. */
  readonly effects: ReadonlySet<string>;
  readonly contradictions: readonly string[];
}

/** KEYS 1 calls 2 inputs 3 contradictions · ARGV 1 key 2 input 3 attempt */
const BEGIN = `
redis.call('HINCRBY', KEYS[1], ARGV[1] .. ' ' .. ARGV[3], 1)
if redis.call('HSETNX', KEYS[2], ARGV[1], ARGV[2]) == 0 and redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then
  redis.call('RPUSH', KEYS[3], ARGV[1] .. ': called with ' .. ARGV[2] .. ' after ' .. redis.call('HGET', KEYS[2], ARGV[1]))
end
`;

/** KEYS 1 effects 2 contradictions · ARGV 1 key 2 effect */
const APPLY = `
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 and redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  redis.call('RPUSH', KEYS[2], ARGV[1] .. ': had the effect ' .. ARGV[2] .. ' after ' .. redis.call('HGET', KEYS[1], ARGV[1]))
end
`;

export function openLedger(url: string, prefix: string): Ledger {
  const redis = new Redis(url);
  const key = (name: string): string => `${prefix}:${name}`;
  return {
    async begin(id, attempt, input) {
      await redis.eval(
        BEGIN,
        3,
        key('calls'),
        key('inputs'),
        key('contradictions'),
        id,
        textOf(input),
        attempt,
      );
    },
    async apply(id, effect) {
      await redis.eval(APPLY, 2, key('effects'), key('contradictions'), id, textOf(effect));
    },
    close: () => redis.disconnect(),
  };
}

/** Reads the ledger and throws it away. */
export async function closeLedger(redis: Redis, prefix: string): Promise<LedgerContents> {
  const names = ['calls', 'effects', 'contradictions', 'inputs'].map((name) => `${prefix}:${name}`);
  const [calls, effects, contradictions] = await Promise.all([
    redis.hgetall(names[0]!),
    redis.hkeys(names[1]!),
    redis.lrange(names[2]!, 0, -1),
  ]);
  await redis.unlink(...names);
  return {
    calls: new Map(Object.entries(calls).map(([id, count]) => [id, Number(count)])),
    effects: new Set(effects),
    contradictions,
  };
}

/** An error that glue threw says when somebody last looked at it, which is nobody's promise. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => (key === 'at' ? undefined : part)) ?? 'undefined';
}
