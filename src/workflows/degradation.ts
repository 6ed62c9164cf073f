import { DegradedReason } from '../contracts/provenance.ts';
import type { StepView } from '../contracts/run.ts';

/**
 * How much less than it could be an answer is: 0 nothing is missing, 1 agents answered without their models, 2 steps
 * were left out, 3 the player got a kind word and nothing else.
 *
 * Source: spec, workflows 2.5
 */
export interface Degradation {
  readonly level: 0 | 1 | 2 | 3;
  readonly reasons: readonly DegradedReason[];
}

export const NOT_DEGRADED: Degradation = { level: 0, reasons: [] };

/** From here on the player is told. */
export const NOTICE_LEVEL = 2;
/** Told below the story; no part of it, so the history is without. */
export const NOTICE = '(Part of the telling had to be left out this time; your story goes on all the same.)';
/** Told once, below the first story in which nothing is missing any more. */
export const RECOVERED_NOTICE = '(Nothing is missing any more: your story is told in full again.)';

const MOST_REASONS = 16;
const MOST_NAME = 100;

export interface DegradationFacts {
  readonly results: Readonly<Record<string, unknown>>;
  readonly steps: readonly StepView[];
  /** The plan went on without a step, or by an alternative. */
  readonly isDegraded: boolean;
  /** The run failed, and its answer came from its last resort. */
  readonly isLastResort?: boolean;
}

/** What the agents said of their own outputs, and what the plan went on without. */
export function degradationOf(facts: DegradationFacts): Degradation {
  const { results, steps, isDegraded, isLastResort = false } = facts;
  const said = Object.values(results).flatMap(reasonsIn);
  const skipped = steps
    .filter(({ status }) => (isDegraded || isLastResort) && status === 'failed')
    .map(({ name }) => `step_skipped:${name.slice(0, MOST_NAME)}`);
  const reasons = [...new Set([...said, ...skipped])].slice(0, MOST_REASONS);
  if (isLastResort) return { level: 3, reasons };
  if (isDegraded) return { level: 2, reasons };
  return reasons.length === 0 ? NOT_DEGRADED : { level: 1, reasons };
}

/** Handlers give what they like: only what has the form of a reason is one. */
function reasonsIn(output: unknown): DegradedReason[] {
  if (typeof output !== 'object' || output === null || !('degraded_reasons' in output)) return [];
  const { degraded_reasons: reasons } = output;
  if (!Array.isArray(reasons)) return [];
  return reasons.flatMap((reason) => {
    const parsed = DegradedReason.safeParse(reason);
    return parsed.success ? [parsed.data] : [];
  });
}
