import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { CRISIS_TYPES } from '../../support/labelled-lines.ts';

const FOLDER = join(import.meta.dirname, '../../../config/safety');
const Text = z.string().min(60).max(2000);
const Line = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9-]+$/),
    name: z.string().min(2),
    phone: z
      .string()
      .regex(/^[\d -]+$/)
      .optional(),
    sms: z.string().optional(),
    url: z.url({ protocol: /^https$/ }).optional(),
    hours: z.string().min(4),
    languages: z.array(z.string().length(2)).min(1),
    types: z.array(z.enum(CRISIS_TYPES)).min(1),
  })
  .refine(({ phone, sms, url }) => (phone ?? sms ?? url) !== undefined, 'a line without any contact');
const Region = z.strictObject({ emergency: z.string().min(3), lines: z.array(Line).min(1) });
const Resources = z.strictObject({
  version: z.int(),
  verified_at: z.iso.date(),
  regions: z.record(z.string().regex(/^[A-Z]{2}$/), Region),
  default: Region,
});
const ByLevel = z.strictObject({ critical: Text, high: Text, moderate: Text });
const Templates = z.strictObject({
  version: z.int(),
  locale: z.string(),
  crisis: z.record(z.enum(CRISIS_TYPES), ByLevel),
  distress: z.strictObject({
    panic: Text,
    third_person_concern: Text,
    negated_mention: Text,
    past_resolved: Text,
    sadness: Text,
  }),
  boundary: z.strictObject({ medical_request: Text, inappropriate: Text, default: Text }),
  level: z.strictObject({ warning: Text, blocked: Text }),
  output: z.strictObject({ fallback: Text, session_hold: Text }),
  contact: z.record(z.enum(['call', 'text', 'either', 'visit', 'or']), z.string().min(1)),
});
type Templates = z.output<typeof Templates>;

const resources = Resources.parse(readJson('resources.json'));

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
}

function textsOf({ crisis, distress, boundary, level, output }: Templates): string[] {
  const groups: Record<string, string>[] = [...Object.values(crisis), distress, boundary, level, output];
  return groups.flatMap((group) => Object.values(group));
}

test('every region that is promised has an emergency number and a line for every type of crisis', () => {
  const regions = resources.regions;
  expect(Object.keys(regions)).toEqual(expect.arrayContaining(['US', 'CA', 'GB', 'IE', 'AU', 'NZ', 'DE']));
  for (const [code, { lines }] of [...Object.entries(regions), ['default', resources.default] as const])
    for (const type of CRISIS_TYPES)
      expect(
        lines.some((line) => line.types.includes(type)),
        `${code}: ${type}`,
      ).toBe(true);
});

test('the lines that people know are the ones they know', () => {
  const phoneOf = (region: string): string | undefined => resources.regions[region]?.lines[0]?.phone;
  expect(phoneOf('US')).toBe('988');
  expect(phoneOf('GB')).toBe('116 123');
  expect(phoneOf('IE')).toBe('116 123');
  expect(phoneOf('AU')).toBe('13 11 14');
  expect(phoneOf('NZ')).toBe('1737');
  expect(phoneOf('DE')).toBe('0800 1110111');
  expect(['US', 'GB', 'IE', 'AU', 'NZ', 'DE'].map((region) => resources.regions[region]?.emergency)).toEqual([
    '911',
    '999',
    '112',
    '000',
    '111',
    '112',
  ]);
});

test('a number of one country is in no other, and an unknown country is shown none', () => {
  const lines = Object.values(resources.regions).flatMap((region) => region.lines);
  expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length);
  expect(resources.default.lines.flatMap(({ phone, sms }) => [phone, sms]).filter(Boolean)).toEqual([]);
  expect(resources.default.emergency).not.toMatch(/\d/);
});

describe.for([
  { locale: 'en', warm: /\b(safe|glad|thank you|support|listen|listening|help|care)\b/i },
  { locale: 'es', warm: /(a salvo|segur[oa]|alegra|gracias|apoy|escuch|ayuda|cuid)/i },
])('the texts in $locale', ({ locale, warm }) => {
  const templates = Templates.parse(readJson(`templates.${locale}.json`));

  test('every text is warm, and knows no placeholder but the three', () => {
    expect(templates.locale).toBe(locale);
    for (const text of textsOf(templates)) {
      expect(text).toMatch(warm);
      const rest = text.replaceAll(/\{(resource_name|resource_contact|emergency_number)\}/g, '');
      expect(rest).not.toMatch(/[{}]/);
    }
  });

  test('in a crisis a person to reach and the emergency number are named', () => {
    for (const levels of Object.values(templates.crisis))
      for (const text of Object.values(levels)) expect(text).toContain('{emergency_number}');
  });

  test('whom to reach is named within the first 400 characters, in every region', () => {
    const regions = [...Object.values(resources.regions), resources.default];
    for (const { emergency, lines } of regions) {
      const contacts = lines.map(({ name, phone, sms, url }) => ({
        name,
        contact: phone ?? sms ?? url ?? '',
      }));
      for (const { name, contact } of contacts)
        for (const text of Object.values(templates.crisis).flatMap((levels) => Object.values(levels))) {
          const filled = text
            .replaceAll('{resource_name}', name)
            .replaceAll('{resource_contact}', contact)
            .replaceAll('{emergency_number}', emergency);
          expect(filled.slice(0, 400)).toContain(contact);
        }
    }
  });

  test('nothing promises an outcome, blames, orders or names a diagnosis', () => {
    const unwanted =
      /committed|promise|will be (fine|okay|ok)|get better soon|should have|your fault for|you must|you are (depressed|bipolar|psychotic|anorexic)|cometi|prometo|todo va a estar bien|debiste|tienes que dejar/i;
    expect(textsOf(templates).filter((text) => unwanted.test(text))).toEqual([]);
  });
});
