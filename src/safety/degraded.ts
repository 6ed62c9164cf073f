import type { Stage } from '../contracts/safety.ts';
import { isFleetError } from '../kernel/errors.ts';
import { judgeDegraded } from './judge-safely.ts';
import type { SuggestAlternative, Validator } from './validate-text.ts';

/**
 * A judge that always answers. When the validator throws, the minimal matcher judges a player's text, and a story is
 * withheld. An error of the caller (no string, far too long) stays one.
 *
 * Source: spec, safety 10, failure policy
 */
export function neverFailing(
  validator: Validator,
  onDegraded: (stage: Stage, error: unknown) => void,
  suggest?: SuggestAlternative,
): Validator {
  const { rules } = validator;
  return {
    ...validator,
    validateText(text, options = {}) {
      try {
        return validator.validateText(text, options);
      } catch (error) {
        if (text !== null && text !== undefined && typeof text !== 'string') throw error;
        if (isFleetError(error)) throw error;
        const { stage = 'input', context, locale } = options;
        onDegraded(stage, error);
        const result = judgeDegraded(text ?? '', options, error);
        if (result.crisis_detected && rules.alertsOnEscalation) result['should_alert'] = true;
        result.rules_version = rules.version;
        result.source = rules.source;
        result.alternative_content = suggest?.(result, { stage, region: context?.region, locale }) ?? null;
        return result;
      }
    },
  };
}
