import type { World } from '../contracts/world.ts';
import type { Job } from 'bullmq';
import type { FleetError } from '../kernel/errors.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Cache } from '../primitives/cache/cached-call.ts';
import type { StepFacts } from '../primitives/durable/begin-step.ts';
import type { AttemptObserver } from '../primitives/observe/attempt.ts';
import type { Language } from '../models/language.ts';
import type { RedisStore } from '../redis/store.ts';
import type { Breakers } from '../resilience/breakers.ts';
import type { LeafToAdd } from '../primitives/advance/facts.ts';
import type { ActiveJobs } from './active-jobs.ts';
import type { Agent } from './agent.ts';
import type { DueWarning } from './early-warnings.ts';

/** The metric label of jobs that belong to no run. */
export const NO_WORKFLOW = 'none';

/** The definitions as the shell sees them. */
export interface StepPlans {
  /** False when this process lacks that version. */
  knows(workflow: string, version: number): boolean;
  /** The step as its plan wants it now; null when the plan does not want it (any more). */
  open(workflow: string, version: number, path: string, facts: StepFacts, nowMs: number): LeafToAdd | null;
}

/** What the shell of every agent job works with; runtime puts it together. */
export interface ShellContext {
  /** The queue this shell serves; also the name of the agent in events and metrics. */
  readonly queue: string;
  /** Serves steps that bring no handler of their own, and jobs of other services; null on other queues. */
  readonly agent: Agent | null;
  /** The models the agent may ask; null: none is configured. */
  readonly language: Language | null;
  readonly store: RedisStore;
  readonly plans: StepPlans;
  readonly breakers: Breakers;
  /** Remembers what cached steps gave. */
  readonly cache: Cache;
  readonly activeJobs: ActiveJobs;
  /** The world of a session that has none yet. */
  readonly createWorld: (worldId: string, nowIso: string) => World;
  /** Where BullMQ keeps who holds a job. */
  readonly lockKey: (job: Job) => string;
  /** Opens a failed run again. Errors: run_not_resumable (conflict), run_not_found */
  readonly resumeRun: (runId: string, sessionId: string | undefined) => Promise<void>;
  readonly recordRetentionSeconds: number;
  /** For so long it is remembered what happened to a run beside its record. */
  readonly historySeconds: number;
  /** Where steps may write files; null: nowhere. */
  readonly tempRoot: string | null;
  /** Milliseconds a job that stands alone may take. */
  readonly directTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** A job whose data are understood: what to do, and what to do with the answer. */
export interface OpenJob {
  readonly workflow: string;
  /** The step's run, for as long as somebody may interrupt it from outside. */
  readonly interruptible: { readonly runId: string; readonly path: string } | null;
  readonly timeoutMs: number;
  /** What it fails with then; default: the attempt took too long. */
  readonly timeoutError?: () => FleetError;
  readonly breaker: string;
  /** What it warns of when it takes long. */
  readonly warnings?: readonly DueWarning[];
  /** Since it could have started. */
  readonly queuedMs: number;
  /** Whether the plan wants another attempt after this failure, should one be left. */
  mayRetry?(error: FleetError): boolean;
  /** Told when it is called and how that ended; jobs that stand alone are no part of a plan. */
  attempt?(): AttemptObserver;
  call(signal: AbortSignal): Promise<unknown>;
  /** Record the output, unless a write to the world did so already; returns the job's return value. */
  record(output: unknown): Promise<unknown>;
}

/** An opened job, or the return value of one that has nothing left to do. */
export type Opened =
  | { readonly kind: 'work'; readonly job: OpenJob }
  | { readonly kind: 'done'; readonly value: unknown };
