import { AgentRegistry } from '../../src/coordination/agents/registry.ts';
import { openCoordinationCore } from '../../src/coordination/open-core.ts';
import { testPrefix } from '../support/redis.ts';
import { measureRouting } from './routing.ts';
import { measureDiscovery, type Measure } from './capabilities.ts';
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
  /** Of this process, the same calls: what neighbours on the machine do not change much. */
  readonly cpuMs: Readonly<Record<string, Spread>>;
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
  const agents = Array.from({ length: plan.agents }, (_, n) => {
    return { type: TYPES[n % TYPES.length]!, instance: `i${n}` };
  });
  await inParallel(agents.length, WIDTH, async (n) => {
    await parts[n % PARTS]!.register({ ...agents[n]!, process: async () => undefined });
  });
  const registry = new AgentRegistry(asking, SILENT);
  const ms: Record<string, Spread> = {};
  const cpuMs: Record<string, Spread> = {};
  const measure: Measure = async (what, call, before) => {
    const passed: number[] = [];
    const used: number[] = [];
    for (let sample = 0; sample < plan.samples; sample += 1) {
      await before?.(sample);
      const [startedAt, cpuBefore] = [performance.now(), process.cpuUsage()];
      await call(sample);
      passed.push(performance.now() - startedAt);
      const { user, system } = process.cpuUsage(cpuBefore);
      used.push((user + system) / 1000);
    }
    ms[what] = spread(passed);
    cpuMs[what] = spread(used);
  };
  await measure('list, for the first time', () => new AgentRegistry(asking, SILENT).list());
  await measure('list', () => registry.list());
  await measure('list of one type of two', () => registry.list({ type: TYPES[0] }));
  await measure(
    'list when a tenth has beaten',
    () => registry.list(),
    (sample) => parts[sample % PARTS]!.heartbeat(),
  );
  await measure('heartbeat of a tenth', () => parts[0]!.heartbeat());
  await measureDiscovery({ agents, registries: parts, running, asking }, measure);
  await Promise.all(parts.map((part) => part.close()));
  await measureRouting(redisUrl, plan, measure);
  return { agents: plan.agents, samples: plan.samples, ms, cpuMs };
}
