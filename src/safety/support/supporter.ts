import type { SupportLine, SupportResources, SupportTemplates } from '../../../config/safety-support.ts';
import { supportInvalid } from '../../../config/safety-support.ts';
import {
  CRISIS_TYPES,
  type CrisisType,
  type Finding,
  type SafetyLevel,
  type Stage,
} from '../../contracts/safety.ts';
import type { SupportAnswer } from '../../contracts/support.ts';
import type { Supporter } from '../ports.ts';
import { asResource, emergencyContacts, fill, linesFor } from './fill.ts';
import { languageIn, placeOf, type Place } from './regions.ts';
import { crisisText, suggest } from './suggest.ts';

export interface SupporterOptions {
  /** Where players are who named no region: two capital letters or `default`. */
  readonly defaultRegion?: string;
  readonly defaultLocale?: string;
  /** What the rules that hold now say in the place of the product's own words. */
  readonly templateOf?: (ruleId: string) => string | undefined;
}

/** Also for texts that are being judged: `templateOf` is that of the rules that judge. */
export interface SupportRoom extends Supporter {
  suggestFor(about: {
    readonly level: SafetyLevel;
    readonly findings: readonly Finding[];
    readonly stage: Stage;
    readonly locale?: string | undefined;
    readonly region?: string | undefined;
    readonly templateOf?: ((ruleId: string) => string | undefined) | undefined;
  }): string | null;
}

interface Where {
  readonly region?: string | undefined;
  readonly locale?: string | undefined;
}

/**
 * Words and places for somebody at risk. Pure: the same question has the same answer, and nothing can fail.
 *
 * Errors: safety_data_invalid (invalid_input) at once, naming the key, when a type of crisis has no words or no line
 * Source: spec, safety 5
 */
export function createSupporter(
  templates: ReadonlyMap<string, SupportTemplates>,
  resources: SupportResources,
  options: SupporterOptions = {},
): SupportRoom {
  const { defaultRegion = 'default', defaultLocale = 'en', templateOf } = options;
  assertComplete(templates, resources);
  const english = templates.get('en')!; // assertComplete looked for it
  const wordsIn = (locale: string | undefined): { language: string; words: SupportTemplates } => {
    const language = languageIn(locale ?? defaultLocale);
    const words = templates.get(language);
    return words === undefined ? { language: 'en', words: english } : { language, words };
  };
  const placeFor = ({ region, locale }: Where): Place =>
    placeOf(resources, { region, locale, fallback: defaultRegion });

  const answered = (
    text: (words: SupportTemplates) => string,
    types: readonly CrisisType[],
    where: Where,
  ): SupportAnswer => {
    const { language, words } = wordsIn(where.locale);
    const place = placeFor(where);
    const lines = linesFor(place, types, language);
    return {
      text: fill(text(words), words, ofWorst(lines, types), place),
      language,
      resources: lines.map(asResource),
      emergencyContacts: emergencyContacts(place, words),
    };
  };

  return {
    answer({ assessment, validation, region, locale }) {
      const types = assessment.crisis_types.length > 0 ? assessment.crisis_types : validation.crisis_types;
      const [worst] = types;
      const level = assessment.crisis_level;
      return answered(
        (words) => (worst === undefined ? words.level.blocked : crisisText(words, worst, level)),
        types,
        { region, locale },
      );
    },
    held: (where) => answered(({ output }) => output.session_hold, [], where),
    alternative: ({ validation: { level, findings }, ...about }) =>
      suggestFor({ ...about, level, findings, templateOf }),
    suggestFor,
  };

  function suggestFor({ locale, region, ...about }: Parameters<SupportRoom['suggestFor']>[0]): string | null {
    const { language, words } = wordsIn(locale);
    const suggested = suggest(words, about);
    if (suggested === null) return null;
    const place = placeFor({ region, locale });
    const { text, types } = suggested;
    return fill(text, words, ofWorst(linesFor(place, types, language), types), place);
  }
}

/** The text speaks of the most serious crisis, so it names a line for that one. */
function ofWorst(lines: readonly SupportLine[], [worst]: readonly CrisisType[]): readonly SupportLine[] {
  const fitting = worst === undefined ? [] : lines.filter(({ types }) => types.includes(worst));
  return fitting.length > 0 ? fitting : lines;
}

function assertComplete(
  templates: ReadonlyMap<string, SupportTemplates>,
  { regions, default: everywhere }: SupportResources,
): void {
  if (!templates.has('en')) throw supportInvalid('templates.en.json: the file is missing');
  const known: ReadonlySet<string> = new Set(CRISIS_TYPES);
  for (const [language, { crisis }] of templates) {
    const key = (type: string): string => `templates.${language}.json: crisis.${type}`;
    for (const type of CRISIS_TYPES)
      if (crisis[type] === undefined) throw supportInvalid(`${key(type)}: is missing`);
    for (const type of Object.keys(crisis)) {
      if (!known.has(type)) throw supportInvalid(`${key(type)}: is no type of crisis`);
    }
  }
  const ids = new Set<string>();
  for (const [code, { lines }] of [...Object.entries(regions), ['default', everywhere] as const]) {
    const at = code === 'default' ? 'default' : `regions.${code}`;
    for (const { id, types } of lines) {
      if (ids.has(id)) throw supportInvalid(`resources.json: ${at}.lines: "${id}" is there twice`);
      ids.add(id);
      const odd = types.find((type) => !known.has(type));
      if (odd !== undefined)
        throw supportInvalid(`resources.json: ${at}.lines: "${odd}" is no type of crisis`);
    }
    for (const type of CRISIS_TYPES) {
      if (!lines.some(({ types }) => types.includes(type))) {
        throw supportInvalid(`resources.json: ${at}.lines: there is none for ${type}`);
      }
    }
    const always = code === 'default' || lines.some(({ hours }) => hours === '24/7');
    if (!always) throw supportInvalid(`resources.json: ${at}.lines: there is none at all hours`);
  }
  const numbered = everywhere.lines.find(({ phone, sms }) => (phone ?? sms) !== undefined);
  if (numbered !== undefined) {
    throw supportInvalid(
      `resources.json: default.lines: "${numbered.id}" names a number, which is wrong somewhere`,
    );
  }
}
