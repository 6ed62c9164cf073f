import { readSafetyData } from '../../../config/safety-data.ts';
import { compileLexicon } from '../../../src/safety/lexicon/compile.ts';
import { compileRules } from '../../../src/safety/rules/compile-rules.ts';
import { DEFAULT_DOCUMENT } from '../../../src/safety/rules/default-document.ts';
import { createValidator, type Validator } from '../../../src/safety/validate-text.ts';

export const data = readSafetyData('en');
export const lexicon = compileLexicon(data);

export function validatorWith(document: unknown = DEFAULT_DOCUMENT): Validator {
  return createValidator(lexicon, compileRules(document, { source: 'default' }));
}
