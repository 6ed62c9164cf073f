import type { Outcome } from '../advance/facts.ts';
import { levelOf } from '../advance/rounds.ts';
import { join, mark, type Scope } from '../advance/scope.ts';
import type { Trail } from '../advance/trail.ts';
import { nameOf } from '../plan/children.ts';
import type { CallNode, PlanNode, StepNode } from '../plan/node.ts';
import { outcomeOfCode, type NodeRecord } from './node-record.ts';

export interface TrailListener {
  opened?(record: NodeRecord): void;
  closed?(record: NodeRecord): void;
}

/** Nodes that stand for their body, or that say themselves what they are. */
const TRANSPARENT: ReadonlySet<PlanNode['kind']> = new Set(['bind', 'step', 'call']);

/**
 * The tree of what was executed, drawn by following walks over the plan. A walk begins at the root each time, so
 * what is known already is found again; a node opens when a walk first comes to it and closes when it has an outcome.
 */
export class NodeTrail implements Trail {
  root: NodeRecord | null = null;
  readonly #now: () => number;
  readonly #listener: TrailListener;
  /** Children by kind and path: no two executions below one node share both. */
  readonly #known = new Map<NodeRecord | null, Map<string, NodeRecord>>();
  /** Where the walk stands; a transparent node repeats what is around it. */
  readonly #around: { record: NodeRecord | null; branches: number }[] = [];
  readonly #claimed = new Set<object>();

  constructor(now: () => number, listener: TrailListener = {}) {
    this.#now = now;
    this.#listener = listener;
  }

  enter(node: PlanNode, path: string, scope: Scope): void {
    const around = this.#around.at(-1)?.record ?? null;
    const branches = scope.findings.branches.length;
    const record = TRANSPARENT.has(node.kind) ? around : this.#find(node, ownPath(node, path), around, scope);
    this.#around.push({ record, branches });
  }

  leave(outcome: Outcome, scope: Scope): void {
    const left = this.#around.pop();
    const record = left?.record;
    if (record == null || this.#around.at(-1)?.record === record || !isOpen(record)) return;
    this.#takeChoice(record, scope, left!.branches);
    record.hasExpired = hasExpired(record, outcome, scope);
    this.#settle(record, outcome);
  }

  leaf(node: StepNode | CallNode, path: string, outcome: Outcome, scope: Scope): void {
    const record = this.#find(node, path, this.#around.at(-1)?.record ?? null, scope);
    if (isOpen(record)) this.#settle(record, outcome);
  }

  /** Nothing more will happen: what is open was given up. */
  finish(): void {
    const close = (record: NodeRecord): void => {
      record.children.forEach(close);
      if (!isOpen(record)) return;
      record.endMs = this.#now();
      this.#listener.closed?.(record);
    };
    if (this.root !== null) close(this.root);
  }

  #find(node: PlanNode, path: string, parent: NodeRecord | null, scope: Scope): NodeRecord {
    let siblings = this.#known.get(parent);
    if (siblings === undefined) this.#known.set(parent, (siblings = new Map()));
    const key = `${node.kind} ${path}`;
    const known = siblings.get(key);
    if (known !== undefined) return known;
    const record: NodeRecord = {
      node,
      name: nameOf(node) ?? node.kind,
      path,
      parent,
      index: parent?.children.length ?? 0,
      isCompensation: scope.isCompensation,
      children: [],
      startMs: this.#now(),
      endMs: Number.NaN,
      outcome: { state: 'pending' },
      branch: undefined,
      reason: undefined,
      hasExpired: false,
    };
    siblings.set(key, record);
    parent?.children.push(record);
    this.root ??= record;
    this.#listener.opened?.(record);
    return record;
  }

  #settle(record: NodeRecord, outcome: Outcome): void {
    if (outcome.state === 'pending') return;
    record.outcome = outcome;
    record.endMs = this.#now();
    this.#listener.closed?.(record);
  }

  /** Of the choices noted since the node was entered, the one at its path that nothing inside of it made. */
  #takeChoice(record: NodeRecord, scope: Scope, since: number): void {
    const { branches } = scope.findings;
    for (let at = since; at < branches.length; at++) {
      const choice = branches[at]!;
      if (choice.path !== record.path || this.#claimed.has(choice)) continue;
      if (!makesChoice(record.node, choice.branch)) continue;
      this.#claimed.add(choice);
      record.branch = choice.branch;
      const decision = scope.facts.decisions[mark(record.path, 'route')] as { reason?: string } | undefined;
      record.reason = record.node.kind === 'route' ? decision?.reason : undefined;
      return;
    }
  }
}

function isOpen(record: NodeRecord): boolean {
  return Number.isNaN(record.endMs);
}

/** Whatever has a name stands at it; the others stand where their body stands. */
function ownPath(node: PlanNode, path: string): string {
  const name = nameOf(node);
  return name === undefined ? path : join(path, name);
}

function makesChoice({ kind }: PlanNode, branch: string): boolean {
  if (kind === 'fallback') return branch.startsWith('fallback ');
  return kind === 'when' || kind === 'match' || kind === 'route' || kind === 'repeat';
}

/** The limit was recorded as passed, or a worker that knew of it ended the last step when it passed. */
function hasExpired({ node, path }: NodeRecord, outcome: Outcome, { facts }: Scope): boolean {
  if (node.kind === 'wait') return Object.hasOwn(facts.decisions, mark(path, 'expired'));
  if (node.kind !== 'timeout') return false;
  const level = levelOf(node);
  if (Object.hasOwn(facts.decisions, mark(path, `expired${level}`))) return true;
  const dueAtMs = Number(facts.decisions[mark(path, `due${level}`)]);
  return (
    outcome.state === 'failed' &&
    outcomeOfCode(outcome.error.code) === 'timeout' &&
    outcome.error.at >= dueAtMs
  );
}
