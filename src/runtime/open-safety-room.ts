import { readSafetyData, safetyLocales } from '../../config/safety-data.ts';
import { readSupportData } from '../../config/safety-support.ts';
import { compileLexicon, type Lexicon } from '../safety/lexicon/compile.ts';
import type { LiveJudge, Supporter } from '../safety/ports.ts';
import { LiveRules } from '../safety/rules/live/live-rules.ts';
import { checkSupportTexts, daysSinceVerified, VERIFIED_FOR_DAYS } from '../safety/support/check-texts.ts';
import { createSupporter } from '../safety/support/supporter.ts';
import type { Core } from './core.ts';

/** Who judges and who answers, in one process. */
export interface SafetyRoom {
  readonly judge: LiveJudge;
  readonly supporter: Supporter;
  /** The judge's other side, for operators. */
  readonly rules: LiveRules;
  /** Phrases of the word lists, by language. */
  readonly phrases: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

const DAY_SECONDS = 86_400;

/** Compiling takes a good part of a second, and fleets of one process may share the outcome: it never changes. */
let lexicons: ReadonlyMap<string, { readonly lexicon: Lexicon; readonly phrases: number }> | undefined;
let areTextsChecked = false;

/**
 * The room of safety for a process of the fleet. Words and texts are read and checked before anything is served; the
 * rules follow Redis from then on. A Redis that is away delays the opening by two seconds at most.
 *
 * Errors: safety_data_invalid (invalid_input) naming the file and the key
 */
export async function openSafetyRoom(core: Core): Promise<SafetyRoom> {
  const { config, store, subscriber, log, metrics, clock } = core;
  const { safety } = config;
  lexicons ??= readLexicons();
  const support = readSupportData();
  // The supporter asks the rules for their own words, and the rules the supporter for theirs.
  const templateOf = (ruleId: string): string | undefined => rules.rules.templateOf(ruleId);
  const supporter = createSupporter(support.templates, support.resources, {
    defaultRegion: safety.default_region,
    defaultLocale: safety.locale,
    templateOf,
  });
  const rules: LiveRules = new LiveRules({
    store,
    lexicons: new Map([...lexicons].map(([language, { lexicon }]) => [language, lexicon])),
    locale: safety.locale,
    file: safety.rules_file,
    allowDisableCrisis: safety.allow_disable_crisis,
    isEnabled: safety.enabled,
    supporter,
    ttlMs: safety.cache_ttl_s * 1000,
    clock,
    log,
    observe: {
      reloaded: (outcome) => metrics.safety_rules_reload_total.inc({ outcome }),
      holding(version, source) {
        metrics.safety_rules_info.clear();
        metrics.safety_rules_info.set({ version, source }, 1);
      },
      degraded: (stage) => metrics.safety_degraded_total.inc({ reason: `${stage}_failed` }),
    },
  });
  if (!areTextsChecked && safety.enabled) {
    // By the product's own rules, before those of an operator hold.
    checkSupportTexts(support, (language) => rules.validatorFor(language));
    areTextsChecked = true;
  }
  metrics.safety_enabled.set({}, safety.enabled ? 1 : 0);
  if (!safety.enabled) log.warn({}, 'safety is switched off: no text is judged (safety.enabled)');
  const days = daysSinceVerified(support, clock.now());
  const stopAge = metrics.onScrape(() =>
    metrics.safety_resources_age_seconds.set({}, daysSinceVerified(support, clock.now()) * DAY_SECONDS),
  );
  if (days > VERIFIED_FOR_DAYS) {
    const verifiedAt = support.resources.verified_at;
    log.warn(
      { verified_at: verifiedAt, days },
      'nobody has made sure of the numbers in resources.json for long',
    );
  }
  const { default_region: region } = safety;
  if (region !== 'default' && !Object.hasOwn(support.resources.regions, region)) {
    log.warn({ region }, 'safety.default_region has no entry in resources.json: players are shown no number');
  }
  await rules.start(subscriber);
  return {
    judge: rules,
    supporter,
    rules,
    phrases: Object.fromEntries([...lexicons].map(([language, { phrases }]) => [language, phrases])),
    async stop() {
      stopAge();
      rules.stop();
    },
  };
}

function readLexicons(): Map<string, { lexicon: Lexicon; phrases: number }> {
  return new Map(
    safetyLocales().map((language) => {
      const data = readSafetyData(language);
      return [language, { lexicon: compileLexicon(data), phrases: data.phrases.length }];
    }),
  );
}
