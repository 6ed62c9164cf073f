import type { SupportData, SupportTemplates } from '../../../config/safety-support.ts';
import { supportInvalid } from '../../../config/safety-support.ts';
import type { CrisisType } from '../../contracts/safety.ts';
import type { Validator } from '../validate-text.ts';
import { fill, linesFor } from './fill.ts';
import { allPlaces } from './regions.ts';

/** A contact has to be read before anybody stops reading. */
const CONTACT_WITHIN = 400;
const LEAST = 60;
const PLACEHOLDERS = ['resource_name', 'resource_contact', 'emergency_number'];
const DAY_MS = 86_400_000;
/** Numbers change; after this long somebody should look again. */
export const VERIFIED_FOR_DAYS = 180;

interface Named {
  readonly key: string;
  readonly text: string;
  /** In a crisis a contact must be named. */
  readonly type?: CrisisType;
}

/**
 * Every text, filled for every region, keeps what is promised of it: long enough, supportive, with a contact in the
 * first 400 characters of an answer to a crisis, and nothing in it that the product's own judge would withhold.
 *
 * Errors: safety_data_invalid (invalid_input) naming the key of the first that does not
 * Source: spec, safety 5, content contract
 */
export function checkSupportTexts(
  { templates, resources }: SupportData,
  validatorFor: (language: string) => Validator,
): void {
  const places = allPlaces(resources);
  for (const [language, words] of templates) {
    const validator = validatorFor(language);
    /** Of texts that name no place, one stands for all places. */
    const safe = new Set<string>();
    for (const named of textsOf(words)) {
      const fail = (what: string): never => {
        throw supportInvalid(`templates.${language}.json: ${named.key}: ${what}`);
      };
      const unknown = [...named.text.matchAll(/\{(\w*)\}/gu)].find(
        ([, name]) => !PLACEHOLDERS.includes(name!),
      );
      if (unknown !== undefined) fail(`the placeholder ${unknown[0]} is unknown`);
      for (const place of places) {
        const lines = linesFor(place, named.type === undefined ? [] : [named.type], language);
        const text = fill(named.text, words, lines, place);
        if (text.length < LEAST) fail(`is shorter than ${LEAST} characters`);
        if (!words.supportive_words.some((word) => text.toLowerCase().includes(word))) {
          fail('has none of supportive_words');
        }
        if (named.type !== undefined && !text.slice(0, CONTACT_WITHIN).includes(contactIn(lines[0]!))) {
          fail(`names no contact within ${CONTACT_WITHIN} characters (region ${place.region})`);
        }
        if (safe.has(text)) continue;
        const judged = validator.validateText(text, { stage: 'output', includeAudit: false });
        if (judged.level !== 'safe') {
          const rules = judged.findings.map(({ rule_id: id }) => id).join(', ');
          fail(`is itself ${judged.level} (${rules}; region ${place.region})`);
        }
        safe.add(text);
      }
    }
  }
}

/** Whole days since the numbers were verified. */
export function daysSinceVerified({ resources }: SupportData, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - Date.parse(resources.verified_at)) / DAY_MS));
}

function textsOf({ crisis, distress, boundary, level, output }: SupportTemplates): Named[] {
  const crises = Object.entries(crisis).flatMap(([type, levels]) =>
    Object.entries(levels).map(([name, text]) => {
      // Which types there are was looked at when the supporter was made.
      return { key: `crisis.${type}.${name}`, text, type: type as CrisisType };
    }),
  );
  const others = Object.entries({ distress, boundary, level, output }).flatMap(([group, texts]) =>
    Object.entries(texts).map(([name, text]) => ({ key: `${group}.${name}`, text })),
  );
  return [...crises, ...others];
}

function contactIn({
  phone,
  sms,
  url,
}: {
  phone?: string | undefined;
  sms?: string | undefined;
  url?: string | undefined;
}): string {
  return phone ?? sms?.replace(/^[A-Z]+ to /u, '') ?? url ?? '';
}
