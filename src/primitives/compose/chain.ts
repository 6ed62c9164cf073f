import type { ZodType, z } from 'zod';
import type { Priority } from '../../contracts/priority.ts';
import type { FieldProblem } from '../../kernel/errors.ts';
import type { FnContext, Join, PlanNode } from '../plan/node.ts';
import type { Joined, UndoInput } from './combine.ts';
import type { AnyPrimitive, In, Out, Primitive } from './primitive.ts';
import type { Workflow } from './workflow.ts';

/** A callback over everything before it. Pure, synchronous and fast: it runs again on every replay. */
export type Pick<S, R> = (scope: S, ctx: FnContext) => R;

/** Tries of a step; `attempts` counts the first call. */
export interface RetryOptions {
  readonly attempts: number;
  readonly delayMs?: number;
  readonly maxDelayMs?: number;
  readonly factor?: number;
  readonly jitter?: number;
}

export interface StepModifiers<I, O, F, Optional extends boolean> {
  /** Limit of one attempt of a step, or of the whole of anything larger. */
  readonly timeoutMs?: number;
  /** Default: one attempt. */
  readonly retry?: RetryOptions;
  /** What happens instead when every attempt failed; the run is degraded then. */
  readonly fallback?: Primitive<I, F> | { readonly value: F };
  /** A failure yields null, and the run goes on, degraded. */
  readonly optional?: Optional;
  readonly priority?: Priority;
  /** Of a step alone: its run can be rolled back to where it succeeded, by this name; true: by its path. */
  readonly savepoint?: true | string;
  /** Undoes the step when something after it fails. Must be idempotent, and bear it when there is nothing to undo. */
  readonly compensate?: Primitive<UndoInput<I, O>, unknown>;
}

export type StepOptions<S, P extends AnyPrimitive, F, Optional extends boolean> = (
  | { readonly step: P }
  | { readonly agent: P }
) & {
  readonly input: Pick<S, In<P>>;
} & StepModifiers<In<P>, Out<P>, F, Optional>;

export interface MapOptions<J extends Join> {
  readonly concurrency?: number;
  readonly maxItems?: number;
  readonly join?: J;
  /** With `settled`: when every branch fails, so does the whole. */
  readonly failIfNone?: boolean;
}

export interface WaitOptions<D> {
  readonly timeoutMs: number;
  readonly onTimeout?: 'fail' | { readonly value: D };
}

/** One stage of a chain, with what undoes it. */
export interface Stage {
  readonly node: PlanNode;
  readonly compensate?: PlanNode;
}

/** A chain as it is handed back from a branch: what it adds is the branch's result. */
export interface Branch<out A> {
  readonly stages: readonly Stage[];
  /** The ids it added, in order. */
  readonly ids: readonly string[];
  readonly hasUndo: boolean;
  readonly problems: readonly FieldProblem[];
  /** Phantom: carries the type, never called. */
  readonly added?: () => A;
}

export type BranchOf<S> = (chain: Chain<S, Nothing>) => Branch<unknown>;
export type Nothing = object;
/** What a branch adds, by id. */
export type AddedBy<F> = F extends (...args: never) => Branch<infer A> ? Flat<A> : never;

/** What the whole must come to, at the end of a workflow's own chain; a branch has no such end. */
export interface Root<I, V, O> {
  readonly input: I;
  /** What the last callback gives, and what its schema makes of it. */
  readonly given: V;
  readonly output: O;
}

type Ending<S, R> = R extends Root<infer I, infer V, infer O> ? (pick: Pick<S, V>) => Workflow<I, O> : never;

/** An intersection as one type, as people want to read it. */
type Flat<T> = { readonly [K in keyof T]: T[K] };

/** An id that nothing before it has. */
type Fresh<Id extends string, S> = Id extends keyof S | ReservedId ? never : unknown;
type Entry<Id extends string, O> = { readonly [K in Id]: O };

export const RESERVED_IDS = ['input', 'item', 'index', 'scope', 'output'] as const;
type ReservedId = (typeof RESERVED_IDS)[number];

/**
 * Steps in the order of the calls; each sees everything before it. `S` is what callbacks see, `A` what this chain
 * itself added.
 */
export interface Chain<S, A, R = undefined> extends Branch<A> {
  /** One step; its result stands under its id. */
  step<Id extends string, P extends AnyPrimitive, F = never, const Optional extends boolean = false>(
    id: Id & Fresh<Id, S>,
    options: StepOptions<S, P, F, Optional>,
  ): Extended<S, A, R, Id, Out<P> | F | (Optional extends true ? null : never)>;

  /** Branches that start together; the result is a record by branch. */
  parallel<
    Id extends string,
    const B extends Readonly<Record<string, BranchOf<S>>>,
    const J extends Join = 'all',
  >(
    id: Id & Fresh<Id, S>,
    branches: B,
    options?: { readonly join?: J; readonly failIfNone?: boolean; readonly concurrency?: number },
  ): Extended<S, A, R, Id, { readonly [K in keyof B]: Joined<J, AddedBy<B[K]>> }>;

  /** One branch or the other; undefined when there is no other. */
  when<Id extends string, T extends BranchOf<S>>(
    id: Id & Fresh<Id, S>,
    test: Pick<S, boolean>,
    then: T,
  ): Extended<S, A, R, Id, AddedBy<T> | undefined>;
  when<Id extends string, T extends BranchOf<S>, E extends BranchOf<S>>(
    id: Id & Fresh<Id, S>,
    test: Pick<S, boolean>,
    then: T,
    otherwise: E,
  ): Extended<S, A, R, Id, AddedBy<T> | AddedBy<E>>;

  /** Exactly one branch, by its key; without a default an unknown key fails with `no_case`. */
  route<Id extends string, const B extends Readonly<Record<string, BranchOf<S>>>>(
    id: Id & Fresh<Id, S>,
    pick: Pick<S, keyof B & string>,
    branches: B,
  ): Extended<S, A, R, Id, AddedBy<B[keyof B]>>;
  route<Id extends string, const B extends Readonly<Record<string, BranchOf<S>>>, D extends BranchOf<S>>(
    id: Id & Fresh<Id, S>,
    pick: Pick<S, string>,
    branches: B,
    options: { readonly default: D },
  ): Extended<S, A, R, Id, AddedBy<B[keyof B]> | AddedBy<D>>;

  /** The branch once for each item, which it sees as `item` and `index`; results keep the order of the items. */
  map<Id extends string, T, M, const J extends Join = 'all'>(
    id: Id & Fresh<Id, S>,
    items: Pick<S, readonly T[]>,
    branch: (chain: Chain<S & { readonly item: T; readonly index: number }, Nothing>) => Branch<M>,
    options?: MapOptions<J>,
  ): Extended<S, A, R, Id, readonly Joined<J, Flat<M>>[]>;

  /** A run of another workflow, with a record of its own. */
  call<Id extends string, I, O>(
    id: Id & Fresh<Id, S>,
    workflow: Workflow<I, O>,
    input: Pick<S, I>,
  ): Extended<S, A, R, Id, O>;

  /** A payload from outside, by the name of the id, without occupying a worker. */
  waitFor<Id extends string, W extends ZodType, D = never>(
    id: Id & Fresh<Id, S>,
    schema: W,
    options: WaitOptions<D>,
  ): Extended<S, A, R, Id, z.output<W> | D>;

  /** What comes out of the workflow. */
  readonly output: Ending<S, R>;
}

export type Extended<S, A, R, Id extends string, O> = Chain<S & Entry<Id, O>, A & Entry<Id, O>, R>;
