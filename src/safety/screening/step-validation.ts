import type { SafetyLevel, StepValidation, ValidationResult } from '../../contracts/safety.ts';
import { SAFETY_LEVELS } from '../../contracts/safety.ts';

const MOST_FINDINGS = 20;

/** A judgement as it may be shown to players and stored with a run: without the words. */
export function stepValidationOf(result: ValidationResult): StepValidation {
  return {
    level: result.level,
    crisis_detected: result.crisis_detected,
    crisis_types: result.crisis_types,
    findings: result.findings.slice(0, MOST_FINDINGS).map(({ matched_form: _words, ...finding }) => finding),
    monitoring_flags: result.monitoring_flags,
    rules_version: result.rules_version,
  };
}

export function worseOf(a: SafetyLevel, b: SafetyLevel): SafetyLevel {
  return SAFETY_LEVELS.indexOf(a) >= SAFETY_LEVELS.indexOf(b) ? a : b;
}
