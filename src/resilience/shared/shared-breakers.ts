import { randomUUID } from 'node:crypto';
import { systemClock } from '../../kernel/clock.ts';
import type { RedisClient } from '../../redis/connect.ts';
import { createBreakers, type Breakers, type BreakersOptions } from '../breakers.ts';
import { CallCounts } from './call-counts.ts';
import { readNotice } from './circuit-report.ts';
import { CircuitStore } from './circuit-store.ts';
import { SharedAuthority } from './shared-authority.ts';
import { withinLimit } from './within-limit.ts';

export interface SharedBreakersOptions extends BreakersOptions {
  /** Refuses commands at once while Redis is away; stays open when the breakers stop. */
  readonly redis: RedisClient;
  /** A connection that does nothing but subscribe; stays open too. */
  readonly subscriber: RedisClient;
  /** Of every key; on Redis Cluster a hash tag. */
  readonly prefix: string;
  /** Tells processes apart in notices; default: a random one. */
  readonly instance?: string;
  /** How long one call may wait for Redis, before and after it is made together; default 200. */
  readonly answerLimitMs?: number;
}

const ANSWER_LIMIT_MS = 200;
/** Who stops waits so long for what is still to be said. */
const FAREWELL_LIMIT_MS = 1000;

/**
 * Circuits that all processes on one Redis share by name. Nothing is awaited: until Redis has answered, and while it is
 * away, each circuit works in this process alone.
 * Errors: circuit_config_invalid
 */
export function createSharedBreakers(options: SharedBreakersOptions): Breakers {
  const {
    redis,
    subscriber,
    prefix,
    instance = randomUUID(),
    answerLimitMs = ANSWER_LIMIT_MS,
    ...rest
  } = options;
  const { clock = systemClock, ...others } = rest;
  const store = new CircuitStore({ redis, prefix, by: instance });
  const channel = store.keys.circuitEvents();
  const authorities = new Map<string, SharedAuthority>();
  const counts = new CallCounts((counted) => store.count(counted));

  const onMessage = (from: string, text: string): void => {
    if (from !== channel) return;
    const notice = readNotice(text);
    if (notice === null || notice.by === instance) return;
    const authority = authorities.get(notice.name);
    if (notice.report === null) authority?.doubt(true);
    else authority?.hear(notice.report, [notice.event]);
  };
  /** Whatever was said before was not heard. A client that connects at its first use refuses the first attempt. */
  const subscribe = async (): Promise<void> => {
    try {
      await subscriber.subscribe(channel);
      for (const authority of authorities.values()) authority.doubt();
    } catch {
      // It is tried again as soon as the client is ready.
    }
  };
  const onSubscriberReady = (): void => void subscribe();
  const onReady = (): void => {
    for (const authority of authorities.values()) authority.tryReturn();
  };
  subscriber.on('message', onMessage);
  subscriber.on('ready', onSubscriberReady);
  redis.on('ready', onReady);
  const subscribing = subscribe();

  return createBreakers(
    { ...others, clock },
    {
      open(name, config, listener) {
        const ticks = (): number => performance.now();
        const authority = new SharedAuthority({
          name,
          config,
          store,
          listener,
          clock,
          ticks,
          answerLimitMs,
        });
        authorities.set(name, authority);
        return authority;
      },
      countCall: (name, outcome) => counts.count(name, outcome),
      async remove(name) {
        authorities.delete(name);
        await counts.flush();
        await store.remove(name);
      },
      async stop() {
        subscriber.off('message', onMessage);
        subscriber.off('ready', onSubscriberReady);
        redis.off('ready', onReady);
        const ending: Promise<unknown>[] = [];
        if (redis.status === 'ready') ending.push(counts.flush());
        if (subscriber.status === 'ready')
          ending.push(subscribing.then(() => subscriber.unsubscribe(channel)));
        await withinLimit(Promise.allSettled(ending), FAREWELL_LIMIT_MS).catch(() => undefined);
        counts.stop();
      },
    },
  );
}
