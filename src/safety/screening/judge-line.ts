import type { SafetyContext, ValidationResult } from '../../contracts/safety.ts';
import { judgeDegraded, judgeSafely } from '../judge-safely.ts';
import type { LiveJudge } from '../ports.ts';

export interface JudgedLine {
  readonly validation: ValidationResult;
  /** The language it was understood in, with the region of the one that was expected; absent: as expected. */
  readonly locale?: string;
}

/**
 * A player's line in the language that is expected, and in the others when that one finds no danger: nobody in need has to
 * say first which language they speak. Another language is believed only where it knows the statement word by word: names of
 * illnesses are the same in many. Never throws; pure.
 */
export function judgeLine(
  judge: LiveJudge,
  text: string,
  {
    locale,
    ...options
  }: {
    readonly locale?: string | undefined;
    readonly context?: SafetyContext;
    readonly includeAudit: boolean;
  },
): JudgedLine {
  try {
    const expected = judge.validatorFor(locale);
    const validation = judgeSafely(expected, text, options);
    if (validation.crisis_detected) return { validation };
    for (const language of judge.languages) {
      const validator = judge.validatorFor(language);
      if (validator === expected) continue;
      const other = judgeSafely(validator, text, options);
      if (isPlain(other)) return { validation: other, locale: spokenAs(language, locale) };
    }
    return { validation };
  } catch (error) {
    return { validation: judgeDegraded(text, {}, error) };
  }
}

function isPlain({ crisis_detected: isCrisis, findings }: ValidationResult): boolean {
  if (!isCrisis) return false;
  return findings.some(
    ({ crisis_type: type, matched_form: words = '', modifiers }) =>
      type !== undefined && words.includes(' ') && !modifiers.includes('fuzzy'),
  );
}

/** `es` where `en-GB` was expected: `es-GB`, for the place is the same. */
function spokenAs(language: string, expected: string | undefined): string {
  return expected === undefined ? language : expected.replace(/^[^-_]*/, language);
}
