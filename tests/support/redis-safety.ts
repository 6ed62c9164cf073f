import type { Crisis, SafetyParts, WrittenCrisis } from '../../src/safety/ports.ts';
import type { RedisClient } from '../../src/redis/connect.ts';
import { MemorySafety } from './memory-safety.ts';

/** A room whose crises stand in Redis, so that processes share them: which request was written, and for whom. */
export class RedisSafety extends MemorySafety {
  readonly #redis: RedisClient;
  readonly #key: string;

  /** @param afterWrite  called between the write and everything that follows */
  constructor(redis: RedisClient, prefix: string, afterWrite: () => void = () => undefined) {
    super();
    this.#redis = redis;
    this.#key = `${prefix}:test:crises`;
    const remember = this.store.writeCrisis.bind(this.store);
    const shared: SafetyParts['store']['writeCrisis'] = async (crisis) => {
      const interventionId = await this.#claim(crisis);
      const isRepeat = interventionId !== crisis.interventionId;
      const written: WrittenCrisis = await remember({ ...crisis, interventionId });
      afterWrite();
      return { ...written, isRepeat, tellsPeople: written.tellsPeople && !isRepeat };
    };
    Object.assign(this.store, { writeCrisis: shared });
  }

  /** Request -> intervention, as it was written first. */
  written(): Promise<Record<string, string>> {
    return this.#redis.hgetall(this.#key);
  }

  async #claim({ event, interventionId }: Crisis): Promise<string> {
    await this.#redis.hsetnx(this.#key, event.request_id, interventionId);
    return (await this.#redis.hget(this.#key, event.request_id))!;
  }
}
