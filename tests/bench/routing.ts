import { setTimeout as sleep } from 'node:timers/promises';
import { AgentRegistry } from '../../src/coordination/agents/registry.ts';
import { openCoordinationCore } from '../../src/coordination/open-core.ts';
import { Lookout } from '../../src/coordination/routing/lookout.ts';
import { Router } from '../../src/coordination/routing/router.ts';
import { AgentRecordWriter } from '../support/agent-records.ts';
import { testPrefix } from '../support/redis.ts';
import type { AgentsPlan } from './agents.ts';
import type { Measure } from './capabilities.ts';
import { inParallel } from './statistics.ts';

const WIDTH = 200;
const TYPE = 'reader';

/** A choice among so many agents of one type, by what it finds. */
export async function measureRouting(redisUrl: string, plan: AgentsPlan, measure: Measure): Promise<void> {
  await using core = openCoordinationCore({ connection: redisUrl, keyPrefix: testPrefix() });
  await core.redis.connect();
  const { redis, keys } = core;
  const writer = new AgentRecordWriter(redis, keys);
  const agents = Array.from({ length: plan.agents }, (_, n) => ({ type: TYPE, instance: `i${n}` }));
  await inParallel(agents.length, WIDTH, (n) => writer.write(agents[n]!, { ttlSeconds: 300 }));
  const registry = new AgentRegistry(core);
  const router = new Router(core, registry);
  const lookout = new Lookout(core, registry);
  const lookAnew = () => lookout.look(TYPE);
  await lookAnew();
  await measure('route, idle agents looked at anew', lookAnew);
  for (const agent of agents) router.onSettled(agent, 'success');
  await router.flush();
  await inParallel(agents.length, WIDTH, async (n) => {
    // As BullMQ lays a waiting message down.
    await redis.zadd(`${keys.prefix}:msg.${TYPE}.i${n}:prioritized`, n, 'a message');
  });
  await measure('route, busy agents looked at anew', lookAnew);
  await measure('route, the last look serves', () => router.resolveTarget({ type: TYPE }));
  await measure(
    'route, while the next look is made',
    () => router.resolveTarget({ type: TYPE }),
    () => sleep(300),
  );
  await measure('route, a named instance', () => router.resolveTarget(agents[0]!));
}
