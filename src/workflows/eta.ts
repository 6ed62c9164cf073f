import type { ServiceSummary } from '../primitives/durable/service-times.ts';

/** Fewer samples say nothing. */
const LEAST_SAMPLES = 20;

/** What a fleet is busy with, as far as an estimate needs it. */
export interface Load {
  /** Jobs that wait, by queue. */
  readonly waiting: ReadonlyMap<string, number>;
  readonly served: ReadonlyMap<string, ServiceSummary>;
}

/**
 * Milliseconds until a run that begins now has done its steps: at each, what waits is served by those who work there, then
 * the step itself. Null while too little is known of one of its queues.
 *
 * Source: spec, workflows 6
 */
export function etaMs(queues: readonly string[], { waiting, served }: Load): number | null {
  let sum = 0;
  for (const queue of queues) {
    const summary = served.get(queue);
    if (summary === undefined || summary.count < LEAST_SAMPLES || summary.p50Ms === null) return null;
    const ahead = waiting.get(queue) ?? 0;
    sum += summary.p50Ms * (ahead / Math.max(1, summary.concurrency) + 1);
  }
  return queues.length === 0 ? null : Math.round(sum);
}
