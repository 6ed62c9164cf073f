import { AgentRegistry } from '../../src/coordination/agents/registry.ts';
import { openCoordinationCore } from '../../src/coordination/open-core.ts';
import { Lookout } from '../../src/coordination/routing/lookout.ts';
import { Router } from '../../src/coordination/routing/router.ts';
import { AgentRecordWriter } from '../support/agent-records.ts';
import { testPrefix } from '../support/redis.ts';
import type { AgentsPlan } from './agents.ts';
import { inParallel, spread, type Spread } from './statistics.ts';

const WIDTH = 200;
const TYPE = 'reader';

/** Milliseconds of one choice among so many agents of one type, by what it finds. */
export async function measureRouting(redisUrl: string, plan: AgentsPlan): Promise<Record<string, Spread>> {
  await using core = openCoordinationCore({ connection: redisUrl, keyPrefix: testPrefix() });
  await core.redis.connect();
  const { redis, keys } = core;
  const writer = new AgentRecordWriter(redis, keys);
  const agents = Array.from({ length: plan.agents }, (_, n) => ({ type: TYPE, instance: `i${n}` }));
  await inParallel(agents.length, WIDTH, (n) => writer.write(agents[n]!, { ttlSeconds: 300 }));
  const registry = new AgentRegistry(core);
  const router = new Router(core, registry);
  const lookout = new Lookout(core, registry);
  const measure = async (call: () => Promise<unknown>): Promise<Spread> => {
    const ms: number[] = [];
    await call();
    for (let sample = 0; sample < plan.samples; sample += 1) {
      const startedAt = performance.now();
      await call();
      ms.push(performance.now() - startedAt);
    }
    return spread(ms);
  };
  const figures: Record<string, Spread> = {};
  const lookAnew = () => lookout.look(TYPE);
  figures['route, idle agents looked at anew'] = await measure(lookAnew);
  for (const agent of agents) router.onSettled(agent, 'success');
  await router.flush();
  await inParallel(agents.length, WIDTH, async (n) => {
    // As BullMQ lays a waiting message down.
    await redis.zadd(`${keys.prefix}:msg.${TYPE}.i${n}:prioritized`, n, 'a message');
  });
  figures['route, busy agents looked at anew'] = await measure(lookAnew);
  figures['route, the last look serves'] = await measure(() => router.resolveTarget({ type: TYPE }));
  figures['route, a named instance'] = await measure(() => router.resolveTarget(agents[0]!));
  return figures;
}
