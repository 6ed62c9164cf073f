import { createCache } from '../primitives/cache/cache.ts';
import type { Cache } from '../primitives/cache/cached-call.ts';
import type { Core } from './core.ts';

/** The cache of the steps of this process, counted. */
export function createMeasuredCache({ store, metrics }: Pick<Core, 'store' | 'metrics'>): Cache {
  const names = new Set<string>();
  const cache = createCache({
    store,
    observe({ cache: name, tier, result }) {
      names.add(name);
      metrics.cache_requests_total.inc({ cache: name, tier, result });
    },
  });
  metrics.onScrape(() => {
    for (const name of names) metrics.cache_entries.set({ cache: name }, cache.stats(name).entries);
  });
  return cache;
}
