import { advance } from '../primitives/advance/advance.ts';
import type { Continuation, Facts } from '../primitives/advance/facts.ts';
import type { Trail } from '../primitives/advance/trail.ts';
import type { StepFacts } from '../primitives/durable/begin-step.ts';
import type { RunFacts } from '../primitives/durable/read-run.ts';
import type { RunRecord } from '../primitives/durable/run-record.ts';
import type { StoredError } from '../primitives/plan/node.ts';
import type { WorkflowDefinition } from './definition.ts';

/** What follows for a run from what is recorded of it. Its input was parsed when it was accepted, and is not again. */
export function derive(
  definition: WorkflowDefinition,
  facts: RunFacts,
  nowMs: number,
  trail?: Trail,
): Continuation {
  const { run, results, errors, decisions, signals } = facts;
  const known: Facts = {
    results,
    errors,
    decisions,
    signals,
    nowMs,
    ...(run.ending === undefined ? {} : { ending: run.ending }),
    ...given(run),
  };
  return advance(definition.plan, run.input, known, trail);
}

/** What follows for a run that has just been accepted. */
export function deriveFirst(
  definition: WorkflowDefinition,
  run: Given,
  input: unknown,
  decisions: Facts['decisions'],
  nowMs: number,
): Continuation {
  const facts = { results: {}, errors: {}, decisions, signals: {}, nowMs, ...given(run) };
  return advance(definition.plan, input, facts);
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
    ...given(facts),
    ...(facts.ending === null ? {} : { ending: facts.ending }),
  });
}

/** What a run begins with beside its input. */
type Given = Partial<Pick<RunRecord, 'metadata' | 'context'>>;

function given({ metadata, context }: Given): Pick<Facts, 'metadata' | 'state'> {
  return {
    ...(metadata === undefined ? {} : { metadata }),
    ...(context?.state === undefined ? {} : { state: context.state }),
  };
}
