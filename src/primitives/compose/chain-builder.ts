import type { ZodType } from 'zod';
import type { FieldProblem } from '../../kernel/errors.ts';
import type { CallNode, FnContext, Join, MatchNode, PlanNode, PureFn } from '../plan/node.ts';
import { RESERVED_IDS, type Branch, type Chain, type MapOptions, type Nothing, type Stage } from './chain.ts';
import { boundStep, savepointProblems, undoOf, type LooseStepOptions } from './step-stage.ts';
import type { Workflow } from './workflow.ts';

type Scope = Readonly<Record<string, unknown>>;
type LoosePick<R> = (scope: never, ctx: FnContext) => R;
export type LooseBranch = (chain: never) => Branch<unknown>;

const unchanged: PureFn<unknown> = (scope: never) => scope;

/** What a workflow's own chain does with its last callback. */
export type Finish = (chain: Branch<unknown>, pick: LoosePick<unknown>) => unknown;

/** A chain with nothing in it yet. */
export function emptyChain<S, R>(finish: Finish): Chain<S, Nothing, R> {
  // The builder below does at run time what the methods of Chain say at compile time.
  return new ChainBuilder([], finish) as unknown as Chain<S, Nothing, R>;
}

export function refuseToFinish(): never {
  throw new TypeError('output() belongs to the workflow, not to a branch of it');
}

/** A chain as one node: its stages, then what it added; a saga when anything in it can be undone. */
export function planOfBranch({ stages, ids, hasUndo }: Branch<unknown>): PlanNode {
  const collect: PureFn<unknown> = (scope: never) => only(scope, ids);
  return chained([...stages, { node: { kind: 'fn', name: 'output', apply: collect } }], hasUndo);
}

export function chained(stages: readonly Stage[], hasUndo: boolean): PlanNode {
  return hasUndo
    ? { kind: 'saga', steps: stages }
    : { kind: 'sequence', stages: stages.map(({ node }) => node) };
}

function only(scope: Scope, ids: readonly string[]): Scope {
  return Object.fromEntries(ids.map((id) => [id, scope[id]]));
}

/** Immutable: every call gives a longer chain. */
export class ChainBuilder implements Branch<unknown> {
  readonly stages: readonly Stage[];
  readonly ids: readonly string[];
  readonly hasUndo: boolean;
  readonly problems: readonly FieldProblem[];
  /** The ids that stand before this chain. */
  readonly #known: readonly string[];
  readonly #finish: Finish;

  constructor(known: readonly string[], finish: Finish, before?: Branch<unknown>) {
    this.#known = known;
    this.#finish = finish;
    this.stages = before?.stages ?? [];
    this.ids = before?.ids ?? [];
    this.hasUndo = before?.hasUndo ?? false;
    this.problems = before?.problems ?? [];
  }

  /** The ids a callback of the next step sees. */
  get visible(): readonly string[] {
    return [...this.#known, ...this.ids];
  }

  step(id: string, options: LooseStepOptions): ChainBuilder {
    const compensate = undoOf(id, options);
    const stage = { node: boundStep(id, options), ...(compensate === undefined ? {} : { compensate }) };
    return this.#with(id, stage, [], savepointProblems(id, options));
  }

  parallel(
    id: string,
    branches: Readonly<Record<string, LooseBranch>>,
    options: { readonly join?: Join; readonly failIfNone?: boolean; readonly concurrency?: number } = {},
  ): ChainBuilder {
    const built = Object.entries(branches).map(([key, branch]) => ({ key, branch: this.#branch(branch) }));
    const node: PlanNode = {
      kind: 'parallel',
      shape: 'record',
      branches: built.map(({ key, branch }) => ({ key, node: planOfBranch(branch) })),
      join: options.join ?? 'all',
      ...(options.failIfNone === true ? { failIfNone: true } : {}),
      concurrency: options.concurrency ?? 100,
    };
    return this.#bind(
      id,
      node,
      built.map(({ branch }) => branch),
    );
  }

  when(id: string, test: LoosePick<boolean>, then: LooseBranch, otherwise?: LooseBranch): ChainBuilder {
    const onTrue = this.#branch(then);
    const onFalse = otherwise === undefined ? undefined : this.#branch(otherwise);
    const skipped: PlanNode = { kind: 'fn', name: 'skipped', apply: () => undefined };
    const node: PlanNode = {
      kind: 'when',
      name: id,
      test,
      onTrue: planOfBranch(onTrue),
      onFalse: onFalse === undefined ? skipped : planOfBranch(onFalse),
    };
    return this.#bind(id, node, onFalse === undefined ? [onTrue] : [onTrue, onFalse]);
  }

  route(
    id: string,
    pick: LoosePick<string>,
    branches: Readonly<Record<string, LooseBranch>>,
    options: { readonly default?: LooseBranch } = {},
  ): ChainBuilder {
    const built = new Map(Object.entries(branches).map(([key, branch]) => [key, this.#branch(branch)]));
    const fallback = options.default === undefined ? undefined : this.#branch(options.default);
    const node: MatchNode = {
      kind: 'match',
      name: id,
      select: pick,
      cases: new Map([...built].map(([key, branch]) => [key, planOfBranch(branch)])),
      ...(fallback === undefined ? {} : { fallback: planOfBranch(fallback) }),
    };
    return this.#bind(id, node, [...built.values(), ...(fallback === undefined ? [] : [fallback])]);
  }

  map(
    id: string,
    items: LoosePick<readonly unknown[]>,
    branch: LooseBranch,
    options: MapOptions<Join> = {},
  ): ChainBuilder {
    const body = this.#branch(branch);
    const withScope: PureFn<readonly unknown[]> = (scope: never, ctx) =>
      items(scope, ctx).map((item, index) => ({ ...(scope as Scope), item, index }));
    const node: PlanNode = {
      kind: 'each',
      name: id,
      items: withScope,
      body: planOfBranch(body),
      concurrency: options.concurrency ?? 10,
      maxItems: options.maxItems ?? 100,
      join: options.join ?? 'all',
      ...(options.failIfNone === true ? { failIfNone: true } : {}),
    };
    return this.#bind(id, node, [body]);
  }

  call(
    id: string,
    workflow: Partial<Workflow<never, unknown>> & { readonly name: string },
    input: LoosePick<unknown>,
  ): ChainBuilder {
    const { name, version } = workflow;
    const body: CallNode = {
      kind: 'call',
      name: id,
      workflow: name,
      ...(version === undefined ? {} : { version }),
    };
    return this.#with(id, { node: { kind: 'bind', id, pick: input, body, optional: false } });
  }

  waitFor(
    id: string,
    schema: ZodType,
    options: { readonly timeoutMs: number; readonly onTimeout?: 'fail' | { readonly value: unknown } },
  ): ChainBuilder {
    const { timeoutMs, onTimeout = 'fail' } = options;
    return this.#bind(id, { kind: 'wait', name: id, schema, timeoutMs, onTimeout }, []);
  }

  output(pick: LoosePick<unknown>): unknown {
    return this.#finish(this, pick);
  }

  /** A place whose step is not known: the id is taken, so that what follows may refer to it. */
  hole(id: string): ChainBuilder {
    return this.#with(id, { node: { kind: 'fn', name: id, apply: unchanged } });
  }

  /** The same chain, where something more can be referred to. */
  knowing(ids: readonly string[]): ChainBuilder {
    return new ChainBuilder([...this.#known, ...ids], this.#finish, this);
  }

  #branch(branch: LooseBranch): Branch<unknown> {
    return branch(new ChainBuilder(this.visible, refuseToFinish) as never);
  }

  #bind(id: string, body: PlanNode, branches: readonly Branch<unknown>[]): ChainBuilder {
    return this.#with(id, { node: { kind: 'bind', id, pick: unchanged, body, optional: false } }, branches);
  }

  #with(
    id: string,
    stage: Stage,
    branches: readonly Branch<unknown>[] = [],
    own: readonly FieldProblem[] = [],
  ): ChainBuilder {
    return new ChainBuilder(this.#known, this.#finish, {
      stages: [...this.stages, stage],
      ids: [...this.ids, id],
      hasUndo: this.hasUndo || stage.compensate !== undefined || branches.some((branch) => branch.hasUndo),
      problems: [
        ...this.problems,
        ...this.#problemsOf(id),
        ...own,
        ...branches.flatMap(({ problems }) => problems.map((p) => ({ ...p, path: `/${id}${p.path}` }))),
      ],
    });
  }

  /** Two of one chain are found in the plan; here, those that would hide something around it. */
  #problemsOf(id: string): FieldProblem[] {
    const path = `/${id}`;
    if ((RESERVED_IDS as readonly string[]).includes(id)) {
      return [{ path, code: 'invalid_name', message: `"${id}" is taken: choose another name` }];
    }
    if (!this.#known.includes(id)) return [];
    return [{ path, code: 'duplicate_step_name', message: `"${id}" stands before this branch already` }];
  }
}
