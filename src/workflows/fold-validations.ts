import type { StepView } from '../contracts/run.ts';
import { SAFETY_LEVELS, StepValidation } from '../contracts/safety.ts';
import { ShortCircuit } from '../contracts/support.ts';
import type { OrchestrationResponse } from '../contracts/turn.ts';
import type { RunRecord } from '../primitives/durable/run-record.ts';
import type { WorkflowSettings } from './context.ts';

type Validation = OrchestrationResponse['therapeutic_validation'];

/**
 * What all steps of a run found in the texts they read and wrote, as one: the worst level, and who found what. A step that
 * judged nothing is listed with null; where nobody judged anything, nothing is called safe.
 *
 * Source: spec, safety 11; docs/decisions/0034-judged-turns.md
 */
export function validationOf(
  run: Pick<RunRecord, 'screened'>,
  steps: readonly Pick<StepView, 'name' | 'agent' | 'status'>[],
  { results, judging }: { results: Readonly<Record<string, unknown>>; judging: WorkflowSettings['judging'] },
): Validation {
  if (judging === 'disabled') return { level: 'not_validated', findings: [], disabled: true };
  const before = run.screened === undefined ? [] : [{ agent: 'ingress', validation: run.screened }];
  const byStep = [
    ...before,
    ...steps
      .filter(({ name }) => results[name] !== undefined)
      .map(({ name, agent }) => ({ agent, validation: validationIn(results[name]) })),
  ];
  const judged = byStep.flatMap(({ agent, validation }) =>
    validation === null ? [] : [{ agent, validation }],
  );
  if (judged.length === 0) return { level: 'not_validated', findings: [] };
  return {
    level:
      SAFETY_LEVELS[Math.max(...judged.map(({ validation }) => SAFETY_LEVELS.indexOf(validation.level)))]!,
    findings: judged.flatMap(({ agent, validation }) =>
      validation.findings.map((finding) => ({ ...finding, agent })),
    ),
    crisis_detected: judged.some(({ validation }) => validation.crisis_detected),
    by_step: byStep,
  };
}

/** The answer to a crisis that a step found; null: none did. */
export function shortCircuitIn(results: Readonly<Record<string, unknown>>): ShortCircuit | null {
  for (const result of Object.values(results)) {
    if (typeof result !== 'object' || result === null || !('short_circuit' in result)) continue;
    const parsed = ShortCircuit.safeParse(result.short_circuit);
    if (parsed.success) return parsed.data;
  }
  return null;
}

/** Handlers give what they like: only what has the form of a validation is one. */
function validationIn(output: unknown): StepValidation | null {
  if (typeof output !== 'object' || output === null || !('therapeutic_validation' in output)) return null;
  return StepValidation.safeParse(output.therapeutic_validation).data ?? null;
}
