import type { Outcome } from '../advance/facts.ts';
import type { PlanNode, StoredError } from '../plan/node.ts';

/** How something ended, in the words of metrics, spans and log lines. */
export type NodeOutcome = 'success' | 'error' | 'timeout' | 'cancelled';

/** One execution of one node. */
export interface NodeRecord {
  readonly node: PlanNode;
  /** As the definition names it; what has no name is called by its kind. */
  readonly name: string;
  /** Its own place; wrappers share that of their body. */
  readonly path: string;
  readonly parent: NodeRecord | null;
  /** Among the children of its parent, in the order in which they began. */
  readonly index: number;
  readonly isCompensation: boolean;
  readonly children: NodeRecord[];
  /** Epoch milliseconds. */
  startMs: number;
  endMs: number;
  outcome: Outcome;
  /** The choice it made, or which of its alternatives succeeded. */
  branch: string | undefined;
  /** Why that route. */
  reason: string | undefined;
  /** Its own limit fired. */
  hasExpired: boolean;
}

const CODES: Readonly<Record<string, NodeOutcome>> = {
  step_timeout: 'timeout',
  deadline_exceeded: 'timeout',
  cancelled: 'cancelled',
};

export function outcomeOfCode(code: string): NodeOutcome {
  return CODES[code] ?? 'error';
}

/** What is still open when everything else is over was given up. */
export function nodeOutcome(outcome: Outcome): NodeOutcome {
  if (outcome.state === 'done') return 'success';
  return outcome.state === 'pending' ? 'cancelled' : outcomeOfCode(outcome.error.code);
}

export function errorOfRecord(record: NodeRecord): StoredError | null {
  return record.outcome.state === 'failed' ? record.outcome.error : null;
}

export function isLeaf(record: NodeRecord): boolean {
  return record.node.kind === 'step' || record.node.kind === 'call';
}

/** The node itself failed, not something inside of it. */
export function isOrigin(record: NodeRecord): boolean {
  return errorOfRecord(record) !== null && record.children.every((child) => child.outcome.state !== 'failed');
}

/** Tried as often as allowed, and failed all the same. */
export function isExhausted({ node, outcome }: NodeRecord): boolean {
  if (outcome.state !== 'failed') return false;
  const { error } = outcome;
  if (node.kind === 'retry') return error.details?.['attempts'] === node.policy.maxAttempts;
  return node.kind === 'step' && isLastAttempt(node.retry?.maxAttempts, error.attempts);
}

export function isLastAttempt(maxAttempts: number | undefined, attempts: number | undefined): boolean {
  return maxAttempts !== undefined && maxAttempts > 1 && attempts !== undefined && attempts >= maxAttempts;
}

/** The fallback's alternative that succeeded, from 1; 0 when none was needed. */
export function usedAlternative({ node, branch }: NodeRecord): number {
  return node.kind === 'fallback' && branch !== undefined ? Number(branch.replace('fallback ', '')) : 0;
}

/** An undo that a saga asked for, as a whole. */
export function isUndo({ parent, path, isCompensation }: NodeRecord): boolean {
  return isCompensation && parent?.node.kind === 'saga' && path.slice(parent.path.length).includes('~undo');
}

/** The step that an undo undoes, as the definition names it. */
export function undoneStep({ parent, path }: NodeRecord): string {
  const own = path.slice(0, path.indexOf('~undo', parent?.path.length ?? 0));
  return own.slice(own.lastIndexOf('.') + 1).replace(/~.*/, '');
}
