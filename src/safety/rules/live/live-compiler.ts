import { FleetError } from '../../../kernel/errors.ts';
import { neverFailing } from '../../degraded.ts';
import { disabledValidator } from '../../disabled.ts';
import type { Lexicon } from '../../lexicon/compile.ts';
import { languageIn } from '../../support/regions.ts';
import { createValidator, type SuggestAlternative, type Validator } from '../../validate-text.ts';
import { compileRules, compileRulesInSlices, rulesInvalid } from '../compile-rules.ts';
import { DEFAULT_DOCUMENT } from '../default-document.ts';
import type { RuleSet } from '../rule-set.ts';
import type { LiveRulesOptions } from './options.ts';

/** What holds, by language. */
export interface LiveSet {
  readonly rules: RuleSet;
  readonly validators: ReadonlyMap<string, Validator>;
}

/** Makes documents ready, for every language there are words for. */
export class LiveCompiler {
  readonly #options: LiveRulesOptions;
  readonly #usual: string;

  constructor(options: LiveRulesOptions) {
    this.#options = options;
    this.#usual = languageIn(options.locale);
  }

  /** The product's own rules, at once. Errors: safety_data_invalid when there are no words for the usual language */
  productSet(): LiveSet {
    return this.#setOf((language) => compileRules(DEFAULT_DOCUMENT, this.#about('default', language)));
  }

  /** For the usual language, in slices. Errors: safety_rules_invalid */
  compile(document: unknown, source: string, language: string = this.#usual): Promise<RuleSet> {
    return compileRulesInSlices(document, this.#about(source, language));
  }

  /** Errors: safety_rules_invalid, also when the text is no JSON */
  async compileText(text: string, source: string): Promise<RuleSet> {
    let document: unknown;
    try {
      document = JSON.parse(text);
    } catch {
      throw rulesInvalid([{ path: '', code: 'not_json', message: 'the document is not JSON' }]);
    }
    return this.compile(document, source);
  }

  /** A document that is good for one language is good for all; it is compiled again only where it tells them apart. */
  async setOf(rules: RuleSet): Promise<LiveSet> {
    const byLanguage = new Map<string, RuleSet>();
    const isForAll = rules.document.rules.every(({ locale }) => locale === undefined);
    for (const language of this.#options.lexicons.keys()) {
      const isShared = language === this.#usual || isForAll;
      byLanguage.set(language, isShared ? rules : await this.compile(rules.document, rules.source, language));
    }
    return this.#setOf((language) => byLanguage.get(language)!);
  }

  #setOf(rulesFor: (language: string) => RuleSet): LiveSet {
    const validators = new Map<string, Validator>();
    for (const [language, lexicon] of this.#options.lexicons) {
      validators.set(language, this.#validator(lexicon, rulesFor(language)));
    }
    const usual = validators.get(this.#usual);
    if (usual === undefined) {
      throw new FleetError({
        code: 'safety_data_invalid',
        kind: 'invalid_input',
        message: `safety.locale: there are no words for "${this.#usual}"`,
      });
    }
    return { rules: usual.rules, validators };
  }

  #validator(lexicon: Lexicon, rules: RuleSet): Validator {
    const { isEnabled, supporter, observe, log, locale: usual } = this.#options;
    if (!isEnabled) return disabledValidator({ lexicon, rules });
    const suggest: SuggestAlternative = ({ level, findings }, { stage, region, locale = usual }) =>
      supporter.suggestFor({ level, findings, stage, region, locale, templateOf: rules.templateOf });
    return neverFailing(
      createValidator(lexicon, rules, suggest),
      (stage, error) => {
        observe?.degraded(stage);
        // The message of an error may hold words of the text.
        const name = error instanceof Error ? error.name : 'unknown';
        log.error({ stage, error: name }, 'a text could not be judged');
      },
      suggest,
    );
  }

  #about(source: string, language: string) {
    return { source, language, allowDisableCrisis: this.#options.allowDisableCrisis };
  }
}
