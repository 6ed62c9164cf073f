import type { SafetyLevel, StepValidation } from '../../contracts/safety.ts';
import type { LiveJudge } from '../ports.ts';
import { stepValidationOf } from './step-validation.ts';

/** So much of what stands before a sentence is read with it. */
const CARRY_OVER = 512;

/** What the fleet itself says is judged before anybody reads it; what cannot be judged is not said. */
export interface OutputJudge {
  /** `before`: what was said already; only its end is looked at. */
  judge(text: string, before?: string): StepValidation;
}

/**
 * Fails closed: a judge that throws blocks. Source: spec, safety 10, 11
 *
 * @param counted  told of each judgement
 */
export function createOutputJudge(
  judge: LiveJudge,
  counted?: (level: SafetyLevel, durationMs: number) => void,
): OutputJudge {
  return {
    judge(text, before = '') {
      const startedAt = performance.now();
      const found = judged(before === '' ? text : before.slice(-CARRY_OVER) + text);
      counted?.(found.level, performance.now() - startedAt);
      return found;
    },
  };

  function judged(text: string): StepValidation {
    try {
      const options = { stage: 'output' as const, includeAudit: false };
      return stepValidationOf(judge.validatorFor().validateText(text, options));
    } catch {
      return UNJUDGED;
    }
  }
}

const UNJUDGED: StepValidation = {
  level: 'blocked',
  crisis_detected: false,
  crisis_types: [],
  findings: [],
  monitoring_flags: ['validation_degraded', 'content_blocked'],
  rules_version: '000000000000',
};

/** What was found, for metrics and for whoever tells the story anew; never the words. */
export function categoriesOf({ findings }: StepValidation): string[] {
  const blocking = findings.filter(({ level }) => level === 'blocked').map(({ category }) => category);
  return blocking.length === 0 ? ['not_judged'] : [...new Set(blocking)];
}
