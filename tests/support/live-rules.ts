import { systemClock } from '../../src/kernel/clock.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { connectRedis, closeRedis, type RedisClient } from '../../src/redis/connect.ts';
import { createKeys } from '../../src/redis/keys.ts';
import type { RedisStore } from '../../src/redis/store.ts';
import type { Lexicon } from '../../src/safety/lexicon/compile.ts';
import { LiveRules } from '../../src/safety/rules/live/live-rules.ts';
import type { LiveRulesOptions } from '../../src/safety/rules/live/options.ts';

/** What a process of a fleet holds of the rules, with everything it told of it. */
export interface RulesProcess extends AsyncDisposable {
  readonly rules: LiveRules;
  readonly store: RedisStore;
  readonly outcomes: string[];
  readonly degraded: string[];
  readonly logLines: readonly string[];
  /** Resolves as soon as the version holds. */
  holds(version: string): Promise<void>;
}

export interface RulesProcessOptions {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly lexicons: ReadonlyMap<string, Lexicon>;
  readonly settings?: Partial<LiveRulesOptions>;
}

const NO_WORDS = { suggestFor: () => null };

export async function startRules(options: RulesProcessOptions): Promise<RulesProcess> {
  const open = (name: string): Promise<RedisClient> =>
    connectRedis({ url: options.redisUrl, name, onOutage: 'fail_fast' });
  const [redis, subscriber] = await Promise.all([open('rules'), open('rules-notices')]);
  return rulesOver(redis, subscriber, options);
}

/** The same over connections that may be down. */
export async function rulesOver(
  redis: RedisClient,
  subscriber: RedisClient,
  { prefix, lexicons, settings = {} }: RulesProcessOptions,
): Promise<RulesProcess> {
  const store = { redis, keys: createKeys(prefix) };
  const outcomes: string[] = [];
  const degraded: string[] = [];
  const logLines: string[] = [];
  const waiting = new Map<string, () => void>();
  const log = createLogger({
    level: 'debug',
    role: 'test',
    instance: 'test',
    version: '0',
    destination: { write: (line) => void logLines.push(line) },
  });
  const rules = new LiveRules({
    store,
    lexicons,
    locale: 'en',
    file: null,
    allowDisableCrisis: false,
    isEnabled: true,
    supporter: NO_WORDS,
    ttlMs: 60_000,
    clock: systemClock,
    log,
    observe: {
      reloaded: (outcome) => outcomes.push(outcome),
      holding: (version) => waiting.get(version)?.(),
      degraded: (stage) => degraded.push(stage),
    },
    ...settings,
  });
  await rules.start(subscriber);
  return {
    rules,
    store,
    outcomes,
    degraded,
    logLines,
    holds(version) {
      if (rules.rules.version === version) return Promise.resolve();
      return new Promise((resolve) => waiting.set(version, resolve));
    },
    async [Symbol.asyncDispose]() {
      rules.stop();
      await Promise.all([closeRedis(redis), closeRedis(subscriber)]);
    },
  };
}
