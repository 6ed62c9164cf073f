import { loadConfig } from '../../config/load.ts';
import { systemClock } from '../kernel/clock.ts';
import { createMetrics } from '../observability/metrics.ts';
import { createCosts, type Costs } from '../primitives/budget/costs.ts';
import type { PriceList } from '../primitives/budget/price-book.ts';
import { createKeys } from '../redis/keys.ts';
import { createConnections } from './connections.ts';
import { observeCosts } from './cost-metrics.ts';
import { createFleetLog, instanceName } from './fleet-log.ts';
import { requireRedisUrl } from './redis-url.ts';
import { VERSION } from './version.ts';

export interface OpenCostsOptions {
  /** USD per 1 000 tokens, by model; a model that is missing here is refused when a plan is built. */
  readonly prices: PriceList;
  /** Configuration by key path, as on the command line of `ao`: over the file and the environment. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Costs and budgets for plans of one's own, in the ledger of a fleet: `withCost`, `withBudget`. It holds one
 * connection until it is closed. While Redis is away, calls fail fast.
 *
 * Errors: config_invalid, redis_not_configured, redis_unavailable
 */
export async function openCosts({
  prices,
  settings = {},
}: OpenCostsOptions): Promise<Costs & AsyncDisposable> {
  const config = loadConfig({ overrides: settings });
  const log = createFleetLog(config, 'costs', instanceName());
  const metrics = createMetrics({ role: 'costs', version: VERSION });
  const connections = createConnections(config, requireRedisUrl(config), { log });
  const redis = await connections.open('costs', { onOutage: 'fail_fast' });
  const store = { redis, keys: createKeys(config.redis.key_prefix) };
  const costs = createCosts({ store, clock: systemClock, prices, observe: observeCosts(log, metrics) });
  return { ...costs, [Symbol.asyncDispose]: () => connections.close() };
}
