import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { assertNever } from '../kernel/errors.ts';
import type { RedisClient } from '../redis/connect.ts';
import { defineScript, runScript, type Script } from '../redis/script.ts';
import { bounded } from './bounded.ts';
import type { HttpConfig } from './deps.ts';

/**
 * What is counted: submissions, reads and operator actions per principal; administration and refused
 * credentials per client address.
 */
export const RATE_CLASSES = ['enqueue', 'read', 'operate', 'admin', 'refused'] as const;
export type RateClass = (typeof RATE_CLASSES)[number];

/** `points` requests in each window of `windowSeconds`. */
export interface RateRule {
  readonly points: number;
  readonly windowSeconds: number;
}

export interface RateDecision {
  readonly isAllowed: boolean;
  readonly rule: RateRule;
  readonly remaining: number;
  readonly resetMs: number;
}

export interface RateLimiter {
  /**
   * Count one request. Never fails: without Redis every process counts for itself.
   * @param perSecond the rate of this caller where it has its own
   */
  consume(rateClass: RateClass, who: string, perSecond?: number): Promise<RateDecision>;
}

const PER_ADDRESS: RateRule = { points: 60, windowSeconds: 60 };
/** Longer than a healthy Redis ever takes; a silent one must not slow every request down. */
const LIMITER_CALL_LIMIT_MS = 250;
const REST_AFTER_FAILURE_MS = 1000;

/**
 * Counters in Redis, one round trip per request, with in-process counters as insurance. A rate of r per second
 * with a burst of b is b requests in each window of b / r seconds.
 */
export function createRedisRateLimiter(
  redis: RedisClient,
  keyPrefix: string,
  limits: HttpConfig['rate_limits'],
): RateLimiter {
  const client = insuredClient(redis);
  const limiters = new Map<string, RateLimiterRedis>();
  const limiterFor = (rateClass: RateClass, rule: RateRule): RateLimiterRedis => {
    const name = `${rateClass}:${rule.points}:${rule.windowSeconds}`;
    const known = limiters.get(name);
    if (known !== undefined) return known;
    const shape = {
      keyPrefix: `${keyPrefix}:${rateClass}`,
      points: rule.points,
      duration: rule.windowSeconds,
    };
    const made = new RateLimiterRedis({
      ...shape,
      storeClient: client,
      insuranceLimiter: new RateLimiterMemory(shape),
    });
    limiters.set(name, made);
    return made;
  };
  return {
    async consume(rateClass, who, perSecond) {
      const rule = ruleOf(rateClass, limits, perSecond);
      const result = await limiterFor(rateClass, rule)
        .consume(who)
        .catch((refused: unknown) => {
          if (refused instanceof RateLimiterRes) return refused;
          throw refused;
        });
      return {
        isAllowed: result.consumedPoints <= rule.points,
        rule,
        remaining: result.remainingPoints,
        resetMs: Math.max(0, result.msBeforeNext),
      };
    },
  };
}

export function ruleOf(
  rateClass: RateClass,
  limits: HttpConfig['rate_limits'],
  perSecond?: number,
): RateRule {
  switch (rateClass) {
    case 'enqueue': {
      const rate = perSecond ?? limits.enqueue_per_s;
      const burst = perSecond === undefined ? limits.enqueue_burst : 2 * perSecond;
      const windowSeconds = Math.max(1, Math.ceil(burst / rate));
      return { points: rate * windowSeconds, windowSeconds };
    }
    case 'read':
      return { points: perSecond ?? limits.read_per_s, windowSeconds: 1 };
    case 'operate':
      return { points: perSecond ?? limits.operate_per_s, windowSeconds: 1 };
    case 'admin':
    case 'refused':
      return PER_ADDRESS;
    default:
      return assertNever(rateClass, 'rate class');
  }
}

/**
 * The part of a client that the library uses: it defines one script, then calls it. After a failure Redis is
 * left alone for a second, so that an outage costs its waiting time once and not in every request.
 */
function insuredClient(redis: RedisClient): object {
  let script: Script | undefined;
  let restUntil = 0;
  return {
    defineCommand(name: string, definition: { lua: string }): void {
      script = defineScript(name, definition.lua);
    },
    async rlflxIncr([key, ...args]: [string, ...string[]]): Promise<unknown> {
      if (Date.now() < restUntil) throw new Error('the rate limiter counts in process for a moment');
      try {
        return await bounded(runScript(redis, script!, [key], args), LIMITER_CALL_LIMIT_MS);
      } catch (error) {
        restUntil = Date.now() + REST_AFTER_FAILURE_MS;
        throw error;
      }
    },
  };
}
