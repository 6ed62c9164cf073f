import { advance } from '../primitives/advance/advance.ts';
import type { Continuation, Facts } from '../primitives/advance/facts.ts';
import type { StepFacts } from '../primitives/durable/begin-step.ts';
import type { RunFacts } from '../primitives/durable/read-run.ts';
import type { StoredError } from '../primitives/plan/node.ts';
import type { WorkflowDefinition } from './definition.ts';

/** What follows for a run from what is recorded of it. */
export function derive(definition: WorkflowDefinition, facts: RunFacts, nowMs: number): Continuation {
  const { run, results, errors, decisions, signals } = facts;
  return advance(definition.plan, definition.input.parse(run.input), {
    results,
    errors,
    decisions,
    signals,
    nowMs,
    ...(run.ending === undefined ? {} : { ending: run.ending }),
    ...(run.metadata === undefined ? {} : { metadata: run.metadata }),
  });
}

/** What follows for a run that has just been accepted. */
export function deriveFirst(
  definition: WorkflowDefinition,
  input: unknown,
  decisions: Facts['decisions'],
  nowMs: number,
): Continuation {
  return advance(definition.plan, input, { results: {}, errors: {}, decisions, signals: {}, nowMs });
}

/** The same for the worker that holds one of its steps, which also knows what surrounds the step. */
export function deriveForStep(
  definition: WorkflowDefinition,
  facts: StepFacts,
  ambient: unknown,
  nowMs: number,
): Continuation {
  return advance(definition.plan, facts.input, {
    results: facts.results,
    // Envelopes are written by our own scripts only.
    errors: facts.errors as Record<string, StoredError>,
    decisions: facts.decisions,
    signals: facts.signals,
    nowMs,
    ambient,
    ...(facts.ending === null ? {} : { ending: facts.ending }),
  });
}
