import { describe, expect, test } from 'vitest';

interface Contact {
  readonly href: string;
  readonly label: string;
}
type Ways = Record<'callOf' | 'messageOf' | 'siteOf', (text: string | undefined) => Contact | null>;
// The page's own file, which is plain JavaScript.
const path = new URL('../../../public/play/contacts.js', import.meta.url).href;
const { callOf, messageOf, siteOf } = (await import(path)) as Ways;

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
    expect(callOf(phone)?.href).toBe(href);
  });

  test.for([
    ['988', 'sms:988'],
    ['HOME to 741741', 'sms:741741?&body=HOME'],
    ['0477 13 11 14', 'sms:0477131114'],
    ['HOME&to=1 to 741741', undefined],
    ['HOME to javascript:1', undefined],
  ] as const)('the message "%s" leads to %s', ([sms, href]) => {
    expect(messageOf(sms)?.href).toBe(href);
  });

  test.for([
    ['https://988lifeline.org', 'https://988lifeline.org/'],
    ['http://988lifeline.org', undefined],
    ['javascript:alert(1)', undefined],
    ['https://good.example@bad.example/', undefined],
    ['//bad.example', undefined],
    [undefined, undefined],
  ] as const)('the address %s leads to %s', ([url, href]) => {
    expect(siteOf(url)?.href).toBe(href);
  });
});
