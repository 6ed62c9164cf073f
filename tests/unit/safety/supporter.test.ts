import { describe, expect, test } from 'vitest';
import { readSupportData } from '../../../config/safety-support.ts';
import { assessCrisis } from '../../../src/safety/assess.ts';
import { createSupporter } from '../../../src/safety/support/supporter.ts';
import { validatorWith } from './validator.ts';

const { templates, resources } = readSupportData();
const supporter = createSupporter(templates, resources);
const { validateText } = validatorWith();

function answerTo(text: string, where: { region?: string; locale?: string } = {}) {
  const validation = validateText(text);
  return supporter.answer({ assessment: assessCrisis(validation, {}, 0), validation, ...where });
}

function insteadOf(text: string, where: { region?: string; locale?: string } = {}): string | null {
  return supporter.alternative({ validation: validateText(text), stage: 'input', ...where });
}

describe('a player in a crisis', () => {
  test('is told who is there now and how the emergency services are reached', () => {
    const { text, resources: lines, emergencyContacts } = answerTo('I want to kill myself', { region: 'US' });
    expect(text).toContain('Help is there right now: 988 Suicide & Crisis Lifeline (call or text 988)');
    expect(lines.map(({ id }) => id)).toEqual(['us-988', 'us-crisis-text-line']);
    expect(emergencyContacts).toEqual(['911']);
    expect(lines[0]).not.toHaveProperty('types');
  });

  test('is shown the line made for what happened before those for everything', () => {
    const { text, resources: lines } = answerTo('my husband beats me', { region: 'us' });
    expect(lines[0]?.id).toBe('us-domestic-violence');
    expect(lines.map(({ id }) => id)).toContain('us-988');
    expect(text).toContain('1-800-799-7233');
  });

  test.for([
    ['a region', { region: 'GB' }, '116 123', ['999', '112']],
    ['a part of one', { region: 'us-CA' }, '988', ['911']],
    ['a name people use', { region: 'UK' }, '116 123', ['999', '112']],
    ['the region of a locale', { locale: 'es-MX' }, '800 911 2000', ['911']],
    ['a region over that of the locale', { region: 'NZ', locale: 'en-US' }, '1737', ['111']],
    ['nothing', {}, 'findahelpline.com', ['your local emergency number']],
    ['a language alone', { locale: 'es' }, 'findahelpline.com', ['número local de emergencias']],
  ] as const)('who names %s', ([, where, contact, emergency]) => {
    const { text, emergencyContacts } = answerTo('I want to kill myself', where);
    expect(text).toContain(contact);
    expect(emergencyContacts).toEqual(emergency);
  });

  test.for([
    [{ locale: 'es-MX' }, 'es'],
    [{ region: 'MX' }, 'en'],
    [{ locale: 'fr' }, 'en'],
  ] as const)('who names %j is told in which language the words are', ([where, language]) => {
    const answer = answerTo('I want to kill myself', where);
    expect([answer.language, supporter.held(where).language]).toEqual([language, language]);
    expect(answer.text.startsWith('Gracias')).toBe(language === 'es');
  });

  test.for(['FR', 'XX', 'toString', 'JP-13'])(
    'in %s is never shown the number of another country',
    (region) => {
      const american = createSupporter(templates, resources, { defaultRegion: 'US' });
      const validation = validateText('I want to kill myself');
      const assessment = assessCrisis(validation, {}, 0);
      const { text, emergencyContacts } = american.answer({ assessment, validation, region });
      expect(`${text}${emergencyContacts.join()}`).not.toMatch(/988|911/);
      expect(american.answer({ assessment, validation }).text).toContain('988');
    },
  );

  test('is answered in a language there are words for, else in English', () => {
    expect(answerTo('I want to kill myself', { locale: 'es-ES' }).text).toMatch(
      /^Gracias.* \(llama al 024\)/s,
    );
    expect(answerTo('I want to kill myself', { locale: 'de-DE' }).text).toMatch(/^Thank you.* 0800 1110111/s);
  });

  test('is told in a held session that a person looks after it', () => {
    const { text, resources: lines } = supporter.held({ region: 'AU' });
    expect(text).toContain('13 11 14');
    expect(lines.length).toBeGreaterThan(1);
  });
});

describe('in the place of a text', () => {
  test('that is safe stands nothing', () => {
    expect(insteadOf('I open the door')).toBeNull();
  });

  test.for([
    ['should I stop taking my medication?', 'not qualified'],
    ['my friend wants to kill himself', 'looking out for them'],
    ['I am having a panic attack', 'breathe in'],
    ['I feel so sad today', 'sorry it is hard'],
    ['I want to cut myself', 'stay safe'],
  ] as const)('%s: %s', ([text, part]) => {
    expect(insteadOf(text, { region: 'US' })).toContain(part);
  });

  test('[R5.2] of a narrator stands a quiet place, whatever was said', () => {
    const validation = validateText('you should kill yourself', { stage: 'output' });
    expect(validation.level).toBe('blocked');
    expect(supporter.alternative({ validation, stage: 'output' })).toBe(templates.get('en')!.output.fallback);
  });

  test('a rule may put words of its own, with the places of the region', () => {
    const { validateText: judge } = validatorWith({
      rules: [{ id: 'own', level: 'blocked', terms: ['blue moon'] }],
    });
    const own = createSupporter(templates, resources, {
      templateOf: (id) => (id === 'own' ? 'Not here. {resource_contact}, {emergency_number}' : undefined),
    });
    const about = { validation: judge('a blue moon'), stage: 'input', region: 'IE' } as const;
    expect(own.alternative(about)).toBe('Not here. call 116 123, 112');
    expect(own.alternative(about)).toBe(own.alternative(about));
    expect(supporter.alternative(about)).toContain('I will not go on with that');
  });
});
