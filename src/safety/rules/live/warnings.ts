import type { FieldProblem } from '../../../kernel/errors.ts';
import { languageIn } from '../../support/regions.ts';
import type { RulesDocument } from '../document.ts';
import { requiredLiterals } from '../required-literals.ts';

/** What is legal in a document and yet perhaps not what was meant. */
export function warningsOf({ rules }: RulesDocument, languages: readonly string[]): FieldProblem[] {
  return rules.flatMap(({ id, locale, pattern, terms, enabled, validation_type: type }, i) => {
    const found: FieldProblem[] = [];
    const add = (key: string, code: string, message: string): void => {
      found.push({ path: `/rules/${i}/${key}`, code, message: `rule "${id}": ${message}` });
    };
    if (locale !== undefined && !languages.includes(languageIn(locale))) {
      add('locale', 'unknown_language', `there are no words for "${locale}" here, so it never applies`);
    }
    if (pattern !== undefined && requiredLiterals(pattern) === null) {
      add('pattern', 'no_literal', 'no literal is in every match, so it runs on every text');
    }
    if (pattern === undefined && terms === undefined && enabled && type === 'keyword') {
      add(
        'terms',
        'finds_nothing',
        'it has neither a pattern nor terms: it tunes a rule of this id, or nothing',
      );
    }
    return found;
  });
}
