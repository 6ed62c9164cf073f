import { readRulesFile, readSafetyData } from '../../config/safety-data.ts';
import type { CrisisAssessment, SafetyContext, Stage, ValidationResult } from '../contracts/safety.ts';
import { assessCrisis } from '../safety/assess.ts';
import {
  Evaluation,
  isOfHalf,
  LabelledLine,
  type EvaluationReport,
  type Half,
  type Share,
} from '../safety/evaluate/evaluation.ts';
import { openValidator } from '../safety/open-validator.ts';
import { compileRules } from '../safety/rules/compile-rules.ts';

export type { EvaluationReport, Half, LabelledLine, Share };

export interface JudgedText extends ValidationResult {
  readonly assessment: CrisisAssessment;
}

/** The safety room for the command line: no fleet is needed. */
export interface SafetyTools {
  judge(text: string, options: { context?: SafetyContext; stage?: Stage }): JudgedText;
  readonly labelledLine: typeof LabelledLine;
  isOfHalf(text: string, half: Half): boolean;
  evaluate(lines: Iterable<LabelledLine>): EvaluationReport;
  /** Errors: safety_data_invalid, safety_rules_invalid with all faults */
  checkRules(file: string): { readonly version: string };
}

/** @param locale  default `en` */
export function openSafety(locale = 'en'): SafetyTools {
  const validator = openValidator(readSafetyData(locale));
  return {
    judge(text, options) {
      const result = validator.validateText(text, options);
      const factors = result.crisis_detected ? validator.protectiveFactorsIn(text) : [];
      return { ...result, assessment: assessCrisis(result, options.context ?? {}, Date.now(), factors) };
    },
    labelledLine: LabelledLine,
    isOfHalf,
    evaluate(lines) {
      const evaluation = new Evaluation();
      for (const line of lines) {
        evaluation.add(line, validator.validateText(line.text, { includeAudit: false }));
      }
      return evaluation.report();
    },
    checkRules: (file) => ({
      version: compileRules(readRulesFile(file), { source: `file:${file}` }).version,
    }),
  };
}
