import { describe, expect, test } from 'vitest';
import { readSafetyData } from '../../../config/safety-data.ts';
import { readSupportData, type SupportTemplates } from '../../../config/safety-support.ts';
import { CRISIS_TYPES } from '../../../src/contracts/safety.ts';
import { openValidator } from '../../../src/safety/open-validator.ts';
import { checkSupportTexts, daysSinceVerified } from '../../../src/safety/support/check-texts.ts';
import { createSupporter } from '../../../src/safety/support/supporter.ts';
import { validatorWith } from './validator.ts';

const data = readSupportData();
const { resources, templates } = data;
const validators = new Map([
  ['en', validatorWith()],
  ['es', openValidator(readSafetyData('es'))],
]);
const check = (changed: typeof data): void =>
  checkSupportTexts(changed, (language) => validators.get(language)!);

function textsOf({ crisis, distress, boundary, level, output }: SupportTemplates): string[] {
  const groups: Record<string, string>[] = [...Object.values(crisis), distress, boundary, level, output];
  return groups.flatMap((group) => Object.values(group));
}

describe('places', () => {
  test('every region that is promised is there, with a line for every type of crisis', () => {
    const promised = ['US', 'CA', 'GB', 'IE', 'AU', 'NZ', 'DE', 'ES'];
    expect(Object.keys(resources.regions)).toEqual(expect.arrayContaining(promised));
    expect(() => createSupporter(templates, resources)).not.toThrow();
  });

  test('the numbers that people know are the ones they know', () => {
    const first = (region: string): unknown => {
      const { emergency, emergency_also: also, lines } = resources.regions[region]!;
      return [[emergency, ...also].join(), lines[0]!.phone];
    };
    expect(first('US')).toEqual(['911', '988']);
    expect(first('CA')).toEqual(['911', '988']);
    expect(first('GB')).toEqual(['999,112', '116 123']);
    expect(first('IE')).toEqual(['112,999', '116 123']);
    expect(first('AU')).toEqual(['000,112', '13 11 14']);
    expect(first('NZ')).toEqual(['111', '1737']);
    expect(first('DE')).toEqual(['112', '0800 1110111']);
    expect(first('ES')).toEqual(['112', '024']);
  });

  test('an unknown place is shown no number', () => {
    expect(resources.default.lines.flatMap(({ phone, sms }) => [phone, sms]).filter(Boolean)).toEqual([]);
  });

  test('numbers are old when nobody has rung them for long', () => {
    const day = Date.parse(resources.verified_at);
    expect(daysSinceVerified(data, day + 86_400_000 * 181)).toBe(181);
    expect(daysSinceVerified(data, day - 5)).toBe(0);
  });
});

// Acceptance check 11 of the chapter on safety.
test('every text passes the judge of stories and names a contact, in every language for every region', () => {
  expect([...templates.keys()]).toEqual(expect.arrayContaining(['en', 'es']));
  expect(() => check(data)).not.toThrow();
});

describe('a text that breaks its promise stops the start by its key:', () => {
  const english = templates.get('en')!;
  const withLevel = (warning: string): typeof data => ({
    resources,
    templates: new Map([['en', { ...english, level: { ...english.level, warning } }]]),
  });
  const long = 'These are words enough, and many more of them, to be long enough for anybody.';

  test.for([
    ['it is short', 'I help.', 'shorter than 60'],
    ['it is cold', long, 'supportive_words'],
    ['it asks for what nobody knows', `${long} I help. {phone}`, 'placeholder {phone}'],
    ['it harms', `${long} I want to help. You should kill yourself.`, 'is itself blocked'],
  ] as const)('%s', ([, text, reason]) => {
    expect(() => check(withLevel(text))).toThrow(/^templates\.en\.json: level\.warning: /);
    expect(() => check(withLevel(text))).toThrow(reason);
  });

  test('no contact at the beginning of an answer to a crisis', () => {
    const late = `${`${long} I help. `.repeat(6)}{resource_contact}`;
    const crisis = { ...english.crisis, abuse: { ...english.crisis['abuse']!, high: late } };
    const changed = { resources, templates: new Map([['en', { ...english, crisis }]]) };
    expect(() => check(changed)).toThrow(/^templates\.en\.json: crisis\.abuse\.high: names no contact/);
  });

  test('a type of crisis without words, or a region without a line for it', () => {
    const { abuse: _, ...crisis } = english.crisis;
    const without = new Map([['en', { ...english, crisis }]]);
    expect(() => createSupporter(without, resources)).toThrow('templates.en.json: crisis.abuse: is missing');
    const lines = resources.regions['ES']!.lines.filter(({ types }) => types.length === 1);
    const regions = { ...resources.regions, ES: { ...resources.regions['ES']!, lines } };
    expect(() => createSupporter(templates, { ...resources, regions })).toThrow(
      'regions.ES.lines: there is none',
    );
  });
});

describe.for([
  {
    locale: 'en',
    unwanted:
      /committed|promise|will be (fine|okay|ok)|get better soon|should have|your fault for|you must|you are (depressed|bipolar|psychotic|anorexic|safe)/i,
  },
  {
    locale: 'es',
    unwanted: /cometi|prometo|todo va a estar bien|debiste|tienes que dejar|estás a salvo(?! en)/i,
  },
])('the texts in $locale', ({ locale, unwanted }) => {
  const own = templates.get(locale)!;

  test('promise no outcome, blame nobody, order nothing and name no diagnosis', () => {
    expect(textsOf(own).filter((text) => unwanted.test(text))).toEqual([]);
  });

  test('name the emergency number in a crisis', () => {
    expect(Object.keys(own.crisis).toSorted()).toEqual([...CRISIS_TYPES].sort());
    for (const levels of Object.values(own.crisis))
      for (const text of Object.values(levels)) expect(text).toContain('{emergency_number}');
  });
});
