import { JOB_STATES } from '../contracts/operator.ts';
import { countUnexplained } from '../primitives/durable/unexplained-runs.ts';
import type { Core } from './core.ts';
import { peopleFigures } from '../safety/escalations/figures.ts';
import type { People } from './open-people.ts';
import { listQueueViews } from './operations/queue-views.ts';
import { parseInfo } from './redis-facts.ts';

/** Gauges that are read from Redis at each scrape; exported by API processes only. */
export function exportQueueGauges(core: Core, people: () => Promise<People>): void {
  const { metrics, store, queues, clock } = core;
  metrics.onScrape(async () => {
    const [views, info, unexplained, outbox, safety] = await Promise.all([
      listQueueViews(queues, clock.now()),
      store.redis.info('memory').then(parseInfo),
      countUnexplained(store, clock.now()),
      store.redis.xlen(store.keys.worldOutbox()),
      people().then(({ context }) => peopleFigures(context)),
    ]);
    for (const view of views) {
      const queue = view.name;
      for (const state of JOB_STATES) metrics.queue_jobs.set({ queue, state }, view.counts[state]);
      metrics.queue_oldest_waiting_seconds.set({ queue }, view.oldest_waiting_s ?? 0);
      metrics.queue_paused.set({ queue }, Number(view.paused));
      metrics.queue_workers.set({ queue }, view.workers);
      metrics.dlq_length.set({ queue, agent: '' }, view.dlq);
    }
    metrics.workflow_unexplained_runs.set({}, unexplained);
    metrics.graph_outbox_entries.set({}, outbox);
    for (const [channel, missed] of safety.missed) metrics.safety_missed_pages.set({ channel }, missed);
    for (const [level, late] of safety.late) metrics.safety_unacknowledged.set({ level }, late);
    metrics.redis_memory_used_bytes.set({}, Number(info['used_memory'] ?? 0));
    metrics.redis_memory_max_bytes.set({}, Number(info['maxmemory'] ?? 0));
    metrics.redis_eviction_policy_ok.set({}, Number(info['maxmemory_policy'] === 'noeviction'));
  });
}
