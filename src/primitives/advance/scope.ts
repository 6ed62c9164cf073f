import type { FnContext, PlanNode, PureFn, SagaNode, StoredError } from '../plan/node.ts';
import { isFleetError } from '../../kernel/errors.ts';
import type { Abandonment, Alarm, Continuation, Facts, GivenUp, LeafToAdd, Waiting } from './facts.ts';
import type { Trail } from './trail.ts';

/** Collects what a walk over the plan finds. */
export class Findings {
  readonly add: LeafToAdd[] = [];
  readonly decide = new Map<string, unknown>();
  readonly abandon: GivenUp[] = [];
  readonly waits: Waiting[] = [];
  readonly alarms: Alarm[] = [];
  readonly openScopes = new Set<string>();
  readonly branches: { path: string; branch: string }[] = [];
  /** Sagas that came to their end and are not part of another one that did. */
  readonly sagas: FinishedSaga[] = [];
  /** Whoever wants to see the nodes; looking back at what is done is not shown to it. */
  trail: Trail | undefined;
  isDegraded = false;

  toContinuation(outcome: Continuation['outcome'], state: Continuation['state']): Continuation {
    return {
      outcome,
      add: this.add,
      decide: [...this.decide].map(([key, value]) => ({ key, value })),
      abandon: this.abandon,
      waits: this.waits,
      alarms: this.alarms,
      branches: this.branches,
      isDegraded: this.isDegraded,
      state,
      openScopes: this.openScopes,
    };
  }
}

/** A saga whose steps are all done: whoever stands around it may still have to undo them. */
export interface FinishedSaga {
  readonly node: SagaNode;
  readonly path: string;
  readonly input: unknown;
}

/** A saga as it was left by its walk. */
export interface WalkedSaga {
  readonly outcome: Continuation['outcome'];
  readonly finished: readonly FinishedSaga[];
  readonly state: StateCell['value'];
}

/** What a node sees of its surroundings while the plan is walked. */
export interface Scope {
  readonly facts: Facts;
  readonly findings: Findings;
  /** Set when the leaves below are given up. */
  readonly abandonment: Abandonment | null;
  /** Every decision by which this place is given up, the one that counts and the ones it hides. */
  readonly givenUpBy: readonly string[];
  readonly deadlineAtMs: number | null;
  /** Shared along a sequence, copied for branches. */
  readonly state: StateCell;
  readonly isCompensation: boolean;
  /** What came of the sagas walked so far, by path: looking back at them does not walk them again. */
  readonly walkedSagas: Map<string, WalkedSaga>;
  readonly isLookingBack: boolean;
  /** The branches of several steps around this place, outermost first. */
  readonly scopes: readonly string[];
}

/** The state at the place where the walk is; the value in it is replaced, never changed. */
export interface StateCell {
  value: Readonly<Record<string, unknown>>;
}

/** Where the state that a leaf left stands among the results. */
export function stateKey(leaf: string): string {
  return mark(leaf, 'state');
}

export type Walk = (node: PlanNode, path: string, input: unknown, scope: Scope) => Continuation['outcome'];

/** `a` + `b` = `a.b`; the root's path is empty. */
export function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** Marks after a path begin with `~`, which no name contains. */
export function mark(path: string, suffix: string): string {
  return `${path}~${suffix}`;
}

/** Thrown inside a callback that asked for a value nobody has recorded yet. */
export class Undecided extends Error {
  constructor() {
    super('the input of a step may not ask for the time or for chance');
  }
}

/**
 * A value that is chosen once per execution. Until it is recorded, whoever needs it is pending.
 * @returns undefined while undecided
 */
export function decided<T>(scope: Scope, key: string, choose: () => T): T | undefined {
  if (Object.hasOwn(scope.facts.decisions, key)) return scope.facts.decisions[key] as T;
  if (!scope.findings.decide.has(key)) scope.findings.decide.set(key, choose());
  return undefined;
}

/** Call a pure callback; the time and randomness it asks for are recorded values. */
export function callPure<R>(f: PureFn<R>, input: unknown, path: string, scope: Scope): R {
  let asked = 0;
  const recorded = (kind: string, choose: () => number): number => {
    const value = decided(scope, mark(path, `${kind}${asked++}`), choose);
    if (value === undefined) throw new Undecided();
    return value;
  };
  const ctx: FnContext = {
    now: () => recorded('now', () => scope.facts.nowMs),
    random: () => recorded('rnd', scope.facts.random ?? Math.random),
    metadata: scope.facts.metadata ?? {},
    state: scope.state.value,
    ambient: scope.facts.ambient,
  };
  return (f as (input: unknown, ctx: FnContext) => R)(input, ctx);
}

/** Everything inside is given up; what was given up around it before keeps its reason. */
export function giveUp(scope: Scope, why: Abandonment): Scope {
  return {
    ...scope,
    abandonment: scope.abandonment ?? why,
    givenUpBy: [...scope.givenUpBy, why.by ?? WHOLE_EXECUTION],
  };
}

export const WHOLE_EXECUTION = '';

/** The error of something that is given up where it stands. */
export function abandonedError(why: Abandonment, path: string, scope: Scope): StoredError {
  return {
    code: why.code,
    message: why.message,
    path: why.path || path,
    retryable: false,
    at: scope.facts.nowMs,
    abandonedBy: why.by ?? WHOLE_EXECUTION,
  };
}

/**
 * Whether it failed only because this place is given up. What failed by itself before, or by a limit further
 * inside, keeps what followed from it then: a retry, an alternative, being skipped.
 */
export function wasGivenUp(error: StoredError, scope: Scope): boolean {
  return error.abandonedBy !== undefined && scope.givenUpBy.includes(error.abandonedBy);
}

/** What a callback threw, as the error of its node. */
export function errorOf(thrown: unknown, path: string, scope: Scope, code: string): StoredError {
  const known = isFleetError(thrown) ? thrown : null;
  return {
    code: known?.code ?? code,
    message: thrown instanceof Error ? thrown.message : String(thrown),
    path,
    retryable: known?.retryable ?? false,
    at: scope.facts.nowMs,
    ...(known?.details === undefined ? {} : { details: known.details }),
  };
}
