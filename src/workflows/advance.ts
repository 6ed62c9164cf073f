import { isOpen, type RunError, type RunStatus } from '../contracts/run.ts';

/** What is known of a run when its run job wakes. */
export interface AdvanceFacts {
  readonly status: RunStatus;
  readonly results: Readonly<Record<string, unknown>>;
  readonly errors: Readonly<Record<string, RunError>>;
}

export type Decision =
  /** The run ended before, by somebody else. */
  | { readonly kind: 'ended'; readonly status: RunStatus }
  | { readonly kind: 'complete' }
  | { readonly kind: 'fail'; readonly error: RunError }
  /** The steps from this index on have no outcome: they must be (or already are) on their queues. */
  | { readonly kind: 'add'; readonly fromStep: number };

/**
 * The pure core: from the facts alone, what happens next. No program counter is stored anywhere, so whoever
 * picks the run job up, however often, decides the same.
 */
export function advance(steps: readonly { readonly id: string }[], facts: AdvanceFacts): Decision {
  if (!isOpen(facts.status)) return { kind: 'ended', status: facts.status };
  for (const [index, step] of steps.entries()) {
    if (Object.hasOwn(facts.results, step.id)) continue;
    const error = Object.hasOwn(facts.errors, step.id) ? facts.errors[step.id] : undefined;
    return error === undefined ? { kind: 'add', fromStep: index } : { kind: 'fail', error };
  }
  return { kind: 'complete' };
}
