import type { ZodType } from 'zod';
import type { Compensators, OnFailure } from '../effects/effect.ts';
import type { CallNode, PlanNode, StoredError } from './node.ts';

/** What a `call` node may name. */
export interface Callable {
  readonly name: string;
  readonly version: number;
  readonly input: ZodType;
  /** A run's whole time. */
  readonly timeoutMs: number;
  readonly plan: PlanNode;
  /** What becomes of the effects of a run that does not complete; default: all are undone. */
  readonly onFailure?: OnFailure;
  readonly compensators?: Compensators;
}

/** A run that was called by a run that was called … so often, and not once more. */
export const MAX_CALL_DEPTH = 8;

/** The workflow a node calls: the version it names, else the latest; undefined when it is not among them. */
export function calledBy<C extends Pick<Callable, 'name' | 'version'>>(
  node: CallNode,
  among: readonly C[],
): C | undefined {
  return among
    .filter(({ name, version }) => name === node.workflow && (node.version ?? version) === version)
    .toSorted((a, b) => a.version - b.version)
    .at(-1);
}

/** How the end of a called run looks to the run that called it. */
export function callError(
  node: CallNode,
  path: string,
  ended: Pick<StoredError, 'code' | 'message'> & { readonly retryable?: boolean | undefined },
  at: number,
): StoredError {
  const message = `workflow "${node.workflow}": ${ended.message}`;
  return { code: ended.code, message, path, retryable: ended.retryable ?? false, at };
}

export const CALL_TOO_DEEP = {
  code: 'call_too_deep',
  message: `calls are nested more than ${MAX_CALL_DEPTH} deep`,
} as const;
