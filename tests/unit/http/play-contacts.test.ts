import { describe, expect, test } from 'vitest';
import { readSupportData } from '../../../config/safety-support.ts';
import { CARE_WORDS } from '../../../src/cli/play/care-words.ts';

interface Contact {
  readonly href: string;
  readonly label: string;
}
type Words = Readonly<Record<'call' | 'text' | 'textWord', string>>;
type Way = (text: string | undefined, words: Words) => Contact | null;
// The page's own files, which are plain JavaScript.
const pageFile = (name: string): Promise<unknown> =>
  import(new URL(`../../../public/play/${name}`, import.meta.url).href);
const { callOf, messageOf, siteOf } = (await pageFile('contacts.js')) as Record<
  'callOf' | 'messageOf' | 'siteOf',
  Way
>;
const { CARE_WORDS: ofPage } = (await pageFile('care-words.js')) as {
  CARE_WORDS: Readonly<Record<string, Words & Readonly<Record<string, unknown>>>>;
};
const { en: ENGLISH, es: SPANISH } = ofPage as Record<'en' | 'es', Words>;

describe('how somebody is reached, on the page', () => {
  test.for([
    ['988', 'tel:988'],
    ['116 123', 'tel:116123'],
    ['1-800-799-7233', 'tel:18007997233'],
    ['+44 (20) 7946 0000', 'tel:+442079460000'],
    ['your local emergency number', undefined],
    ['988;ext=javascript', undefined],
    ['*21*988#', undefined],
    ['', undefined],
    ['1', undefined],
  ] as const)('the telephone "%s" leads to %s', ([phone, href]) => {
    expect(callOf(phone, ENGLISH)?.href).toBe(href);
  });

  test.for([
    ['988', 'sms:988'],
    ['HOME to 741741', 'sms:741741?&body=HOME'],
    ['0477 13 11 14', 'sms:0477131114'],
    ['HOME&to=1 to 741741', undefined],
    ['HOME to javascript:1', undefined],
  ] as const)('the message "%s" leads to %s', ([sms, href]) => {
    expect(messageOf(sms, ENGLISH)?.href).toBe(href);
  });

  test.for([
    ['https://988lifeline.org', 'https://988lifeline.org/'],
    ['http://988lifeline.org', undefined],
    ['javascript:alert(1)', undefined],
    ['https://good.example@bad.example/', undefined],
    ['//bad.example', undefined],
    [undefined, undefined],
  ] as const)('the address %s leads to %s', ([url, href]) => {
    expect(siteOf(url, ENGLISH)?.href).toBe(href);
  });
});

describe('the words around care', () => {
  test('what a link says is in the language of the answer', () => {
    expect(callOf('116 123', ENGLISH)?.label).toBe('Call 116 123');
    expect(callOf('024', SPANISH)?.label).toBe('Llama al 024');
    expect(messageOf('988', SPANISH)?.label).toBe('Escribe al 988');
    expect(messageOf('HOME to 741741', SPANISH)).toEqual({
      href: 'sms:741741?&body=HOME',
      label: 'Envía HOME al 741741',
    });
  });

  test('every language that answers are written in has them, on the page and in the terminal, and they agree', () => {
    const languages = [...readSupportData().templates.keys()].sort();
    expect(Object.keys(ofPage).sort()).toEqual(languages);
    expect(Object.keys(CARE_WORDS).sort()).toEqual(languages);
    for (const language of languages) {
      const { title, held, or, oversight, hours } = CARE_WORDS[language]!;
      expect(ofPage[language]).toMatchObject({ title, held, or, oversight, hours });
    }
  });

  test('other languages than English say when somebody listens, for every line there is', () => {
    const { regions, default: everywhere } = readSupportData().resources;
    const lines = [everywhere, ...Object.values(regions)].flatMap((place) => place.lines);
    const inWords = new Set(lines.map(({ hours }) => hours).filter((hours) => /[A-Za-z]/.test(hours)));
    for (const [language, { hours }] of Object.entries(CARE_WORDS)) {
      if (language !== 'en') expect(Object.keys(hours).sort()).toEqual([...inWords].sort());
    }
  });
});
