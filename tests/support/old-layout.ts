import { Redis } from 'ioredis';

/** A message as the original stored it. */
export function oldMessage(id: string, more: { priority?: 1 | 5 | 9; attempts?: number } = {}): string {
  const { priority = 5, attempts = 0 } = more;
  // The spaces are those of Python's json.dumps.
  return (
    `{"message": {"message_id": "${id}", "sender": {"type": "input_processor", "instance": "worker-1"}, ` +
    `"recipient": {"type": "world_builder", "instance": null}, "message_type": "request", ` +
    `"payload": {"action": "look", "of": "${id}"}, "priority": ${priority}, ` +
    `"routing": {"topic": null, "tags": []}, "timestamp": "2025-10-28T10:00:00.123456+00:00"}, ` +
    `"priority": ${priority}, "enqueued_at": "2025-10-28T10:00:00.654321+00:00", ` +
    `"delivery_attempts": ${attempts}, "last_error": ${attempts > 0 ? '"timed out"' : 'null'}}`
  );
}

export const OLD_AGENT = 'world_builder:w1';
export const OLD_TARGET = { type: 'world_builder', instance: 'w1' };

/** Writes the layout of the original, as its coordinator did. */
export class OldFleet {
  readonly redis: Redis;
  readonly prefix: string;

  constructor(redis: Redis, prefix: string) {
    this.redis = redis;
    this.prefix = prefix;
  }

  key(name: string, rest = ''): string {
    return `${this.prefix}:${name}:${OLD_AGENT}${rest}`;
  }

  async send(raw: string, priority: 1 | 5 | 9, dueAt: number): Promise<void> {
    await this.redis.rpush(this.key('queue'), raw);
    await this.redis.zadd(this.key('sched', `:prio:${priority}`), dueAt * 1e6, raw);
  }

  /** @param endsAt  epoch in seconds; without it the original died between its two commands */
  async reserve(raw: string, token: string, endsAt?: number): Promise<void> {
    await this.redis.rpush(this.key('queue'), raw);
    await this.redis.hset(this.key('reserved'), token, raw);
    if (endsAt !== undefined) await this.redis.zadd(this.key('reserved_deadlines'), endsAt * 1e6, token);
  }

  async bury(raw: string): Promise<void> {
    await this.redis.rpush(this.key('dlq'), raw);
  }

  /** Everything of the old layout, to see that it stays as it is. */
  async dump(): Promise<Record<string, unknown>> {
    const names = ['queue', 'sched', 'reserved', 'reserved_deadlines', 'dlq', 'subs', 'agents'];
    const found: Record<string, unknown> = {};
    for (const name of names)
      for (const key of await this.redis.keys(`${this.prefix}:${name}:*`))
        found[key] = await this.redis.dump(key);
    return found;
  }
}
