import type { FlowProducer, Queue } from 'bullmq';
import type { Retention } from '../../queues/job-options.ts';
import type { LatencyMode } from '../contracts/turn.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { EARLY } from '../primitives/durable/early-warning.ts';
import type { ServiceTimes } from '../primitives/durable/service-times.ts';
import type { RedisStore } from '../redis/store.ts';
import type { Catalog } from './catalog/catalog.ts';

export interface WorkflowSettings {
  readonly retention: Retention;
  readonly recordRetentionSeconds: number;
  readonly maxOpenRuns: number;
  readonly maxPendingTurns: number;
  readonly slaMs: number;
  /** Of runs whose request does not say. */
  readonly latencyMode: LatencyMode;
  /** Whether what the fleet is busy with makes a fast run forgo its models. */
  readonly isAdaptive: boolean;
  /** The ceiling of what a caller may ask for as `timeout_s`. */
  readonly maxRunTimeoutMs: number;
  /** Where steps may write files; null: nowhere. */
  readonly tempRoot: string | null;
  readonly rollbackRetentionSeconds: number;
  /** Whether patches of worlds are also put in the outbox. Default: they are not. */
  readonly hasWorldOutbox?: boolean;
  /** Whether texts are judged; `disabled`: somebody switched it off. Default: nobody judges here. */
  readonly judging?: 'on' | 'disabled';
}

/** What everything in this room works with; runtime puts it together. */
export interface WorkflowContext {
  readonly store: RedisStore;
  readonly catalog: Catalog;
  readonly flows: FlowProducer;
  /** Queues on which steps run, by name. */
  readonly stepQueues: ReadonlyMap<string, Queue>;
  /** The queue of pauses and of the watchdog. */
  readonly maintenance: Queue;
  /** The queue of run jobs. */
  readonly runJobs: Queue;
  readonly settings: WorkflowSettings;
  /** Told of every run that has ended. */
  readonly times?: Pick<ServiceTimes, 'add'>;
  /** What the fleet is busy with; nobody waits for it. */
  readonly load?: { etaMs(queues: readonly string[]): number | null };
  /** Judges the text of a run that nobody submits; a crisis opens an intervention. Absent: nobody judges. */
  readonly screenInput?: (
    input: unknown,
    from: { readonly runId: string; readonly schedule: string },
  ) => Promise<'pass' | 'withheld'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** A run that nobody has moved is looked at after this time. */
export const FIRST_CHECK_MS = 5_000;

/** When a run whose time begins now is looked at first, should nobody have moved it: in any case in time to warn. */
export function firstCheckAt(nowMs: number, timeoutMs: number): number {
  return nowMs + Math.min(FIRST_CHECK_MS, timeoutMs * EARLY);
}
/** Open runs are looked at this often, to be sure, as long as they are few. */
export const CHECK_EVERY_MS = 30_000;
/** Beyond its deadline a run is ended from outside after this time; until then its workers end it. */
export const DEADLINE_GRACE_MS = 5_000;
