import type { World } from '../contracts/world.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { StepFacts } from '../primitives/durable/begin-step.ts';
import type { RedisStore } from '../redis/store.ts';
import type { Breaker } from '../resilience/breaker.ts';
import type { ActiveJobs } from './active-jobs.ts';
import type { Agent } from './agent.ts';
import type { TrackedWorldAccess } from './world-access.ts';

/** What a step needs to know of its definition. */
export interface StepPlan {
  readonly timeoutMs: number;
  readonly recentTurns: number;
  /** Paths of the steps that must have a result first. */
  readonly upstream: readonly string[];
  /** Pure. Errors: whatever the definition's callback throws, as FleetError */
  input(facts: StepFacts): unknown;
}

/** The definitions as the shell sees them; null when this process lacks that version. */
export interface StepPlans {
  find(workflow: string, version: number, path: string): StepPlan | null;
}

/** What the shell of every agent job works with; runtime puts it together. */
export interface ShellContext {
  readonly agent: Agent;
  readonly store: RedisStore;
  readonly plans: StepPlans;
  readonly breaker: Breaker;
  readonly activeJobs: ActiveJobs;
  /** The world of a session that has none yet. */
  readonly createWorld: (worldId: string, nowIso: string) => World;
  /** Opens a failed run again. Errors: run_not_resumable (conflict), run_not_found */
  readonly resumeRun: (runId: string, sessionId: string | undefined) => Promise<void>;
  readonly recordRetentionSeconds: number;
  /** Milliseconds a job that stands alone may take. */
  readonly directTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** A job whose data are understood: what to call the agent with, and what to do with the answer. */
export interface OpenJob {
  readonly workflow: string;
  readonly runId: string | null;
  readonly input: unknown;
  readonly timeoutMs: number;
  readonly idempotencyKey: string;
  /** Since it could have started. */
  readonly queuedMs: number;
  worlds(signal: AbortSignal): TrackedWorldAccess;
  /** Record the output, unless a write to the world did so already; returns the job's return value. */
  record(output: unknown): Promise<unknown>;
}

/** An opened job, or the return value of one that has nothing left to do. */
export type Opened =
  | { readonly kind: 'work'; readonly job: OpenJob }
  | { readonly kind: 'done'; readonly value: unknown };
