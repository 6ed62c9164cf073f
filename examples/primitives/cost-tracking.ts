// A model call under a budget, and what it cost: node examples/primitives/cost-tracking.ts [address of Redis ["a topic"]]
// Budgets hold over all processes, so they are kept in Redis: this example needs one.
import { createCosts } from '../../src/primitives/budget/costs.ts';
import { make } from '../../src/primitives/compose/make.ts';
import { runInProcess } from '../../src/primitives/in-process/run.ts';
import { closeRedis, connectRedis } from '../../src/redis/connect.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { costTrackingWorkflow } from '../../src/workflows/examples/cost-tracking.ts';
import { EXAMPLE_PRICES, localExamplePorts } from '../../src/workflows/examples/ports.ts';

const [, , url = 'redis://127.0.0.1:6379', topic = 'a lantern'] = process.argv;
const redis = await connectRedis({ url, name: 'example', onOutage: 'fail_fast' });
try {
  const prices = EXAMPLE_PRICES;
  const costs = createCosts({ store: { redis, keys: createKeys('example') }, prices });
  const { plan, input } = costTrackingWorkflow({ ...localExamplePorts(), costs, prices });
  const { output } = await runInProcess(make(plan), input.parse({ topic }));
  console.log(JSON.stringify(output, null, 2));
  console.log(JSON.stringify(await costs.ledger.report({ groupBy: 'model' }), null, 2));
} finally {
  await closeRedis(redis);
}
