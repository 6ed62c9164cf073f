import { AgentRegistry } from '../../src/coordination/agents/registry.ts';
import { openCoordinationCore } from '../../src/coordination/open-core.ts';
import { testPrefix } from '../support/redis.ts';
import { inParallel, spread, type Spread } from './statistics.ts';

export interface AgentsPlan {
  readonly agents: number;
  readonly samples: number;
}

export interface AgentsFigures {
  readonly agents: number;
  readonly samples: number;
  /** Milliseconds of one call, by what was asked. */
  readonly ms: Readonly<Record<string, Spread>>;
}

/** Registrations under way at once. */
const WIDTH = 200;
/** Processes among which the agents are shared out. */
const PARTS = 10;
const TYPES = ['reader', 'writer'] as const;
/** Heartbeats happen when they are asked for. */
const SILENT = { heartbeatTtlMs: 300_000, heartbeatIntervalMs: 299_999 };

/** A registry that reads, on a fleet of so many agents that others keep alive. */
export async function measureAgents(redisUrl: string, plan: AgentsPlan): Promise<AgentsFigures> {
  const options = { connection: redisUrl, keyPrefix: testPrefix() };
  await using running = openCoordinationCore(options);
  await using asking = openCoordinationCore(options);
  const parts = Array.from({ length: PARTS }, () => new AgentRegistry(running, SILENT));
  await inParallel(plan.agents, WIDTH, async (n) => {
    const agent = { type: TYPES[n % TYPES.length]!, instance: `i${n}`, process: async () => undefined };
    await parts[n % PARTS]!.register(agent);
  });
  const registry = new AgentRegistry(asking, SILENT);
  const measure = async (call: () => Promise<unknown>, before?: (sample: number) => Promise<unknown>) => {
    const ms: number[] = [];
    for (let sample = 0; sample < plan.samples; sample += 1) {
      await before?.(sample);
      const startedAt = performance.now();
      await call();
      ms.push(performance.now() - startedAt);
    }
    return spread(ms);
  };
  const ms = {
    'list, for the first time': await measure(() => new AgentRegistry(asking, SILENT).list()),
    list: await measure(() => registry.list()),
    'list of one type of two': await measure(() => registry.list({ type: TYPES[0] })),
    'list when a tenth has beaten': await measure(
      () => registry.list(),
      (sample) => parts[sample % PARTS]!.heartbeat(),
    ),
    'heartbeat of a tenth': await measure(() => parts[0]!.heartbeat()),
  };
  await Promise.all(parts.map((part) => part.close()));
  return { agents: plan.agents, samples: plan.samples, ms };
}
