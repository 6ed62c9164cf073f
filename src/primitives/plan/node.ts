import type { ZodType } from 'zod';
import type { RetryPolicy } from '../../resilience/backoff.ts';

/** The kinds of nodes a plan is made of. */
export const KINDS = [
  'step',
  'fn',
  'sequence',
  'parallel',
  'when',
  'match',
  'route',
  'each',
  'repeat',
  'saga',
  'retry',
  'timeout',
  'fallback',
  'bind',
  'wait',
  'call',
] as const;
export type Kind = (typeof KINDS)[number];

/** How branches are joined: all, or each with its outcome, or as soon as so many succeeded. */
export type Join = 'all' | 'settled' | { readonly atLeast: number };

/** What a pure callback may ask for; every value is recorded once and read back on replay. */
export interface FnContext {
  /** Epoch milliseconds. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** As the steps before left it. */
  readonly state: Readonly<Record<string, unknown>>;
  /** What surrounds a step when it begins: the session and the world, on the fleet. Only inputs of steps see it. */
  readonly ambient: unknown;
}

/** Makes one state of that before the branches and those they left, in their order. Pure; without it theirs are dropped. */
export type MergeState = (
  parent: Readonly<Record<string, unknown>>,
  branches: readonly Readonly<Record<string, unknown>>[],
) => Record<string, unknown>;

export type PureFn<R> = (input: never, ctx: FnContext) => R;

/** The handler of a step; typed at the composition API. */
export type StepHandler = (input: never, ctx: never) => Promise<unknown>;

/** One unit of work: a call in process, one job on the fleet. */
export interface StepNode {
  readonly kind: 'step';
  readonly name: string;
  readonly queue: string;
  readonly input: ZodType;
  readonly output: ZodType;
  /** Absent: the agent that serves the queue does it. */
  readonly run?: StepHandler;
  /** False: it may have happened without our knowing, so it is never silently repeated. */
  readonly idempotent: boolean;
  readonly retry?: RetryPolicy;
  readonly retryIf?: (error: StoredError) => boolean;
  /** Limit of one attempt. */
  readonly timeoutMs?: number;
  readonly breaker?: string;
  readonly cache?: CachePolicy;
  readonly priority?: 'critical' | 'high' | 'normal' | 'low';
  /** A point its run can be rolled back to, made when the step succeeds; true: named by its path. */
  readonly savepoint?: true | string;
  /** How many finished turns of its session the step wants to see. */
  readonly recentTurns?: number;
}

export interface CachePolicy {
  /** Of the input; BYPASS for a call that must not be shared. Left out: the whole input. */
  readonly key?: (input: never) => unknown;
  /** What else shapes the result, or a function of the input that says it. */
  readonly facets?: unknown;
  readonly scope: 'global' | 'player' | 'session';
  readonly ttlMs: number;
  readonly maxEntries: number;
  /** Of all entries in memory. */
  readonly maxBytes?: number;
  readonly tier: 'memory' | 'redis' | 'both';
  readonly version: number;
  /** Remember failures that are final, too. */
  readonly cacheErrors?: boolean;
  /** How much longer than its time an entry may stand in for a failed call. */
  readonly staleIfErrorMs?: number;
  /** Whether a result may be remembered: never what failed a safety check. */
  readonly storeIf?: (output: never) => boolean;
}

/** Cheap, pure glue; never a job. */
export interface FnNode {
  readonly kind: 'fn';
  readonly name: string;
  readonly apply: PureFn<unknown>;
}

export interface SequenceNode {
  readonly kind: 'sequence';
  readonly stages: readonly PlanNode[];
}

export interface ParallelNode {
  readonly kind: 'parallel';
  readonly shape: 'tuple' | 'record';
  readonly branches: readonly { readonly key: string; readonly node: PlanNode }[];
  readonly join: Join;
  /** With `settled`: it fails, with the first failure, when every branch does. */
  readonly failIfNone?: true;
  readonly concurrency: number;
  readonly mergeState?: MergeState;
}

export interface WhenNode {
  readonly kind: 'when';
  readonly name: string;
  readonly test: PureFn<boolean>;
  readonly onTrue: PlanNode;
  /** Absent: the input passes through. */
  readonly onFalse?: PlanNode;
}

export interface MatchNode {
  readonly kind: 'match';
  readonly name: string;
  readonly select: PureFn<string>;
  readonly cases: ReadonlyMap<string, PlanNode>;
  readonly fallback?: PlanNode;
}

/** A dynamic choice among equivalent implementations; the choice is recorded once. */
export interface RouteNode {
  readonly kind: 'route';
  readonly name: string;
  readonly choose: PureFn<{ readonly route: string; readonly reason: string }>;
  readonly routes: ReadonlyMap<string, PlanNode>;
}

export interface EachNode {
  readonly kind: 'each';
  readonly name: string;
  readonly items: PureFn<readonly unknown[]>;
  readonly body: PlanNode;
  readonly concurrency: number;
  readonly maxItems: number;
  readonly join: Join;
  /** See ParallelNode. */
  readonly failIfNone?: true;
  readonly mergeState?: MergeState;
}

export interface RepeatNode {
  readonly kind: 'repeat';
  readonly name: string;
  readonly body: PlanNode;
  readonly done: PureFn<boolean>;
  readonly maxIterations: number;
  readonly onExhausted: 'fail' | 'last';
}

export interface SagaNode {
  readonly kind: 'saga';
  /** Absent: its steps stand where it stands, as those of a sequence do. */
  readonly name?: string;
  readonly steps: readonly { readonly node: PlanNode; readonly compensate?: PlanNode }[];
}

/** Around a composite only; a step carries its own policy. */
export interface RetryNode {
  readonly kind: 'retry';
  readonly policy: RetryPolicy;
  readonly retryIf?: (error: StoredError) => boolean;
  readonly body: PlanNode;
}

/** A deadline for the whole of its body, waiting and retries included. */
export interface TimeoutNode {
  readonly kind: 'timeout';
  readonly timeoutMs: number;
  readonly body: PlanNode;
}

export interface FallbackNode {
  readonly kind: 'fallback';
  readonly body: PlanNode;
  readonly alternatives: readonly PlanNode[];
  readonly appliesTo?: (error: StoredError) => boolean;
}

/** A named step of the workflow builder: its input is picked from everything before it. */
export interface BindNode {
  readonly kind: 'bind';
  readonly id: string;
  readonly pick: PureFn<unknown>;
  readonly body: PlanNode;
  /** A failure yields null, and the run goes on, degraded. */
  readonly optional: boolean;
}

/** Waits for a payload from outside, without occupying a worker. */
export interface WaitNode {
  readonly kind: 'wait';
  readonly name: string;
  readonly schema: ZodType;
  readonly timeoutMs: number;
  readonly onTimeout: 'fail' | { readonly value: unknown };
}

/** A run of another workflow, with a record of its own. */
export interface CallNode {
  readonly kind: 'call';
  readonly name: string;
  readonly workflow: string;
  readonly version?: number;
}

export type PlanNode =
  | StepNode
  | FnNode
  | SequenceNode
  | ParallelNode
  | WhenNode
  | MatchNode
  | RouteNode
  | EachNode
  | RepeatNode
  | SagaNode
  | RetryNode
  | TimeoutNode
  | FallbackNode
  | BindNode
  | WaitNode
  | CallNode;

/** An error as it is recorded with a run: enough to decide by, and to show. */
export interface StoredError {
  readonly code: string;
  readonly message: string;
  readonly path: string;
  readonly retryable: boolean;
  /** Epoch milliseconds; orders failures of branches. */
  readonly at: number;
  readonly attempts?: number;
  /** What gave it up, when it did not fail by itself; see Abandonment. */
  readonly abandonedBy?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * An error as a value of the plan. Without its time: what fails without a step fails anew whenever somebody looks, and
 * nothing that follows may depend on when that is.
 */
export type SettledError = Omit<StoredError, 'at'>;
