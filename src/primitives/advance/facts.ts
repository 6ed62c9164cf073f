import type { StoredError, StepNode, CallNode } from '../plan/node.ts';

/**
 * Everything that is known of an execution. Facts only grow: a leaf that has an outcome keeps it, a decision is
 * recorded once. That is what lets anybody, at any time, derive the same continuation from them.
 */
export interface Facts {
  /** Leaf path -> output; `<leaf path>~state` -> the state that the leaf left, where it changed it. */
  readonly results: Readonly<Record<string, unknown>>;
  /** Leaf path -> the error it ended with for good. */
  readonly errors: Readonly<Record<string, StoredError>>;
  /** Values that were chosen once: times, random numbers, routes, which branch failed first. */
  readonly decisions: Readonly<Record<string, unknown>>;
  /** Payloads from outside, by name. */
  readonly signals: Readonly<Record<string, unknown>>;
  /** Set when the whole execution must end: cancelled, or past its deadline. */
  readonly ending?: Abandonment;
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** Uniform in [0, 1); what it says is recorded where it decides anything. */
  readonly random?: () => number;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** With which the execution begins; default empty. */
  readonly state?: Readonly<Record<string, unknown>>;
  /** See FnContext. */
  readonly ambient?: unknown;
}

/** Why the leaves of a part of the plan are given up. */
export interface Abandonment {
  readonly code: 'cancelled' | 'deadline_exceeded' | 'coordinator_lost';
  readonly message: string;
  /** The node whose limit or join it was; '' = the whole execution. */
  readonly path: string;
  /** The decision that says so; absent = the whole execution is given up. */
  readonly by?: string;
}

export interface LeafToAdd {
  readonly path: string;
  readonly node: StepNode | CallNode;
  /** Picked only when somebody needs it. Errors: definition_error, or what the callback threw */
  input(): unknown;
  /** The state it sees: what the stages before it left. */
  readonly state: Readonly<Record<string, unknown>>;
  /** The nearest deadline around it, epoch milliseconds. */
  readonly deadlineAtMs: number | null;
  /** Compensations go on when the rest was given up. */
  readonly isCompensation: boolean;
  /** The branches of several steps around it, outermost first. */
  readonly scopes: readonly string[];
  /** The steps that follow it without any decision in between: they can be queued with it. A call has none. */
  readonly chain: readonly { readonly path: string; readonly node: StepNode }[];
}

/** Something that gets no outcome of its own any more. */
export interface GivenUp {
  readonly path: string;
  /** Who would have done it; null for what nobody does, like waiting. */
  readonly agent: string | null;
  /** A run of its own: it is given up when that run has ended, which undoes its own work first. */
  readonly isCall: boolean;
  readonly error: StoredError;
}

/** A signal that is waited for. */
export interface Waiting {
  readonly path: string;
  readonly name: string;
  readonly dueAtMs: number;
  readonly scopes: readonly string[];
}

/** A pause or a limit: nothing happens before, whoever looks. */
export interface Alarm {
  readonly atMs: number;
  readonly scopes: readonly string[];
}

/** What must happen next. `decide` and `abandon` are recorded first; then the facts are looked at again. */
export interface Continuation {
  readonly outcome: Outcome;
  readonly add: readonly LeafToAdd[];
  readonly decide: readonly { readonly key: string; readonly value: unknown }[];
  readonly abandon: readonly GivenUp[];
  /** Signals waited for. */
  readonly waits: readonly Waiting[];
  /** Moments at which time alone changes something. */
  readonly alarms: readonly Alarm[];
  /** Choices that were taken, in order, for traces and metrics. */
  readonly branches: readonly { readonly path: string; readonly branch: string }[];
  readonly isDegraded: boolean;
  /** As the steps so far left it. */
  readonly state: Readonly<Record<string, unknown>>;
  /** Branches of several steps that have not settled. */
  readonly openScopes: ReadonlySet<string>;
}

export type Outcome =
  | { readonly state: 'pending' }
  | { readonly state: 'done'; readonly value: unknown }
  | { readonly state: 'failed'; readonly error: StoredError };

export const PENDING: Outcome = { state: 'pending' };

export function done(value: unknown): Outcome {
  return { state: 'done', value };
}

export function failed(error: StoredError): Outcome {
  return { state: 'failed', error };
}
