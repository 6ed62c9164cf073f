import type { SafetyData } from '../../config/safety-data.ts';
import { compileLexicon } from './lexicon/compile.ts';
import { compileRules } from './rules/compile-rules.ts';
import { DEFAULT_DOCUMENT } from './rules/default-document.ts';
import { createValidator, type Validator } from './validate-text.ts';

/** A validator with the rules that hold when nobody wrote others. */
export function openValidator(data: SafetyData): Validator {
  return createValidator(compileLexicon(data), compileRules(DEFAULT_DOCUMENT, { source: 'default' }));
}
