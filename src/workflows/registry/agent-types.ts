import { z } from 'zod';
import { toFleetError } from '../../kernel/errors.ts';
import type { Logger } from '../../observability/logger.ts';
import type { RedisClient } from '../../redis/connect.ts';
import { defineScript, runScript, toBackendError } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { isCustomType } from './custom-type.ts';

/** What the fleet knows of a type of agents that a module brought. */
export interface CustomAgentType {
  /** What one attempt may take. */
  readonly timeoutMs: number;
  /** What a worker that was lost had begun may be done again. */
  readonly isIdempotent: boolean;
  /** Of the module that was announced last. */
  readonly version: string;
}

const FORMAT = 1;

/** A later release may know more of a type. */
const Stored = z.looseObject({
  since: z.int(),
  v: z.literal(FORMAT),
  timeout_ms: z.number().positive(),
  idempotent: z.boolean(),
  version: z.string(),
});

/**
 * KEYS  1 types, also the channel
 * ARGV  1 type  2 JSON object without `since`
 * Returns 1 when something changed. What a type was first known at is kept.
 */
const ANNOUNCE_AGENT_TYPE = defineScript(
  'announce-agent-type',
  `
local known = redis.call('HGET', KEYS[1], ARGV[1])
local since = known and string.match(known, '^{"since":(%d+),')
if not since then
  local time = redis.call('TIME')
  since = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
end
local record = '{"since":' .. since .. ',' .. string.sub(ARGV[2], 2)
if record == known then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], record)
redis.call('PUBLISH', KEYS[1], ARGV[1])
return 1
`,
);

/**
 * KEYS  1 types, also the channel
 * ARGV  1 type
 * Returns 1 when it was known.
 */
const FORGET_AGENT_TYPE = defineScript(
  'forget-agent-type',
  `
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('PUBLISH', KEYS[1], ARGV[1])
return 1
`,
);

export interface AgentTypesOptions {
  readonly store: RedisStore;
  readonly log: Logger;
  /** Told of all types when they have changed; who asks for them waits for it. */
  readonly onChange: (types: ReadonlySet<string>) => Promise<void>;
}

/**
 * The types of agents that modules brought to this fleet, as a process knows them. It
 *
 * 1. reads them when it starts
 * 2. reads them again when a change is announced, when the connection is back, and when it is asked to
 * 3. keeps what it knows while Redis is away
 * 4. announces its own again when they were forgotten, as by a Redis that came back empty
 *
 * A type stays known when nobody serves it any more, until it is forgotten: its jobs wait for somebody who does.
 */
export class AgentTypes {
  readonly #options: AgentTypesOptions;
  readonly #listeners: (() => void)[] = [];
  readonly #own = new Map<string, CustomAgentType>();
  #known: ReadonlyMap<string, CustomAgentType> = new Map();
  #text = '[]';
  #reading: Promise<void> | null = null;
  #isStopped = false;

  constructor(options: AgentTypesOptions) {
    this.#options = options;
  }

  find(type: string): CustomAgentType | undefined {
    return this.#known.get(type);
  }

  /** Sorted. */
  names(): string[] {
    return [...this.#known.keys()].sort();
  }

  /** Told after each change, when queues are there already. */
  whenChanged(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Read them now, and from then on whenever something may have changed.
   * @param subscriber  a connection that does nothing but subscribe; it may be shared
   * Errors: backend_unavailable
   */
  async start(subscriber: RedisClient): Promise<void> {
    const channel = this.#options.store.keys.agentTypes();
    subscriber.on('message', (where: string) => {
      if (where === channel) void this.#refreshQuietly();
    });
    // What was announced while the connection was down, nobody has heard.
    subscriber.on('ready', () => void this.#refreshQuietly());
    try {
      await subscriber.subscribe(channel);
    } catch (error) {
      throw toBackendError(error, 'subscribing to types of agents');
    }
    await this.refresh();
  }

  stop(): void {
    this.#isStopped = true;
  }

  /**
   * Make a type known that this process serves, or what has changed of it. One round trip, then one to read.
   * Errors: backend_unavailable
   */
  async announce(type: string, about: CustomAgentType): Promise<void> {
    this.#own.set(type, about);
    await this.#write(type, about);
    await this.refresh();
  }

  /** Whoever serves it makes it known again. Errors: backend_unavailable */
  async forget(type: string): Promise<void> {
    const { redis, keys } = this.#options.store;
    await runScript(redis, FORGET_AGENT_TYPE, [keys.agentTypes()], [type]);
    await this.refresh();
  }

  async #write(type: string, { timeoutMs, isIdempotent, version }: CustomAgentType): Promise<void> {
    const { redis, keys } = this.#options.store;
    const record = JSON.stringify({ v: FORMAT, timeout_ms: timeoutMs, idempotent: isIdempotent, version });
    await runScript(redis, ANNOUNCE_AGENT_TYPE, [keys.agentTypes()], [type, record]);
  }

  /** What was announced before this call is known after it. Errors: backend_unavailable */
  async refresh(): Promise<void> {
    // A reading that is under way may have begun before the change.
    await this.#reading?.catch(() => undefined);
    await this.#readOnce();
  }

  async #refreshQuietly(): Promise<void> {
    if (this.#isStopped) return;
    try {
      await this.refresh();
      const forgotten = [...this.#own].filter(([type]) => !this.#known.has(type));
      for (const [type, about] of forgotten) await this.#write(type, about);
      if (forgotten.length > 0) await this.refresh();
    } catch (error) {
      if (this.#isStopped) return;
      const reason = toFleetError(error).message;
      this.#options.log.debug({ reason }, 'types of agents could not be read: those that are known stay');
    }
  }

  /** Those who ask at the same time read once. */
  #readOnce(): Promise<void> {
    this.#reading ??= this.#read().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #read(): Promise<void> {
    const { store, onChange } = this.#options;
    const stored = await store.redis.hgetall(store.keys.agentTypes()).catch((error: unknown) => {
      throw toBackendError(error, 'reading types of agents');
    });
    const text = JSON.stringify(
      Object.keys(stored)
        .toSorted()
        .map((type) => [type, stored[type]]),
    );
    if (text === this.#text || this.#isStopped) return;
    const known = new Map(Object.entries(stored).flatMap(([type, value]) => decode(type, value)));
    await onChange(new Set(known.keys()));
    this.#known = known;
    this.#text = text;
    for (const listener of this.#listeners) listener();
  }
}

/** One that cannot be read, or that this release may not know, is none. */
function decode(type: string, value: string): [string, CustomAgentType][] {
  const stored = Stored.safeParse(parseJson(value));
  if (!stored.success || !isCustomType(type)) return [];
  const { timeout_ms: timeoutMs, idempotent: isIdempotent, version } = stored.data;
  return [[type, { timeoutMs, isIdempotent, version }]];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
