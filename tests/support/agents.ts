import { Redis } from 'ioredis';
import type { CoordinatedAgent } from '../../src/coordination/agents/agent.ts';
import type { StoredAgentEvent } from '../../src/coordination/agents/events.ts';
import type { RegistryHooks } from '../../src/coordination/agents/hooks.ts';
import { AgentRegistry } from '../../src/coordination/agents/registry.ts';
import type { RegistryOptions } from '../../src/coordination/agents/settings.ts';
import { createCoordinationKeys } from '../../src/coordination/keys.ts';
import { openCoordinationCore, type OpenedCoordinationCore } from '../../src/coordination/open-core.ts';
import { CountingSink, Lines } from './coordination.ts';
import { testPrefix } from './redis.ts';

/** An agent that does nothing, with these changes. */
export function agent(change: Partial<CoordinatedAgent> = {}): CoordinatedAgent {
  return { type: 'bob', instance: 'b1', process: async () => undefined, ...change };
}

export const kinds = (events: readonly StoredAgentEvent[]): string[] =>
  events.map(({ kind, agent_id }) => `${kind} ${agent_id}`);

/** Registries of one fleet on one Redis, closed together. Heartbeats happen when a test asks for them. */
export class Town implements AsyncDisposable {
  readonly prefix = testPrefix();
  readonly keys = createCoordinationKeys(this.prefix);
  readonly url: string;
  /** Looks at it from outside. */
  readonly redis: Redis;
  readonly metrics = new CountingSink();
  readonly log = new Lines();
  readonly #open: { close(): Promise<unknown> }[] = [];

  constructor(url: string) {
    this.url = url;
    this.redis = new Redis(url, { maxRetriesPerRequest: null });
  }

  core(connection: string = this.url): OpenedCoordinationCore {
    const { prefix: keyPrefix, metrics, log: logger } = this;
    const core = openCoordinationCore({ connection, keyPrefix, metrics, logger });
    this.#open.push(core);
    return core;
  }

  registry(options: RegistryOptions = {}, hooks?: RegistryHooks, core = this.core()): AgentRegistry {
    const registry = new AgentRegistry(
      core,
      { heartbeatTtlMs: 60_000, heartbeatIntervalMs: 59_999, ...options },
      hooks,
    );
    this.#open.push(registry);
    return registry;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#open.toReversed()) await each.close();
    const left = await this.redis.keys(`${this.prefix}:*`);
    if (left.length > 0) await this.redis.del(left);
    await this.redis.quit();
  }
}
