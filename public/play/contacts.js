/**
 * How somebody is reached, as a link; null where the fleet gave nothing that can safely be one. What comes from outside
 * becomes digits, or an https address, and nothing else.
 *
 * @typedef {{ href: string, label: string, isAway?: true }} Contact
 * @typedef {Pick<import('./care-words.js').CareWords, 'call' | 'text' | 'textWord'>} Words
 */

/** Digits as they are written down, nothing else. */
const NUMBER = /^\+?\d[\d\s().-]{0,30}$/;
/** `HOME to 741741`: a word, and where it is sent. */
const WORD_TO_NUMBER = /^([\p{L}\d]{1,20}) to (\+?\d[\d\s().-]{0,30})$/u;

/** @param {string | undefined} phone @param {Words} words @returns {Contact | null} */
export function callOf(phone, words) {
  const number = digitsOf(phone);
  if (number === null) return null;
  return { href: `tel:${number}`, label: words.call.replace('{value}', phone?.trim() ?? '') };
}

/** @param {string | undefined} sms @param {Words} words @returns {Contact | null} */
export function messageOf(sms, words) {
  const plain = digitsOf(sms);
  if (plain !== null)
    return { href: `sms:${plain}`, label: words.text.replace('{value}', sms?.trim() ?? '') };
  const [, word, to = ''] = WORD_TO_NUMBER.exec(sms?.trim() ?? '') ?? [];
  const number = digitsOf(to);
  if (word === undefined || number === null) return null;
  return {
    href: `sms:${number}?&body=${encodeURIComponent(word)}`,
    label: words.textWord.replace('{word}', word).replace('{number}', to),
  };
}

/** @param {string | undefined} url @returns {Contact | null} */
export function siteOf(url) {
  if (url === undefined || !URL.canParse(url)) return null;
  const { protocol, host, href, username, password } = new URL(url);
  if (protocol !== 'https:' || username !== '' || password !== '') return null;
  return { href, label: host.replace(/^www\./, ''), isAway: true };
}

/** @param {string | undefined} text */
function digitsOf(text) {
  if (text === undefined || !NUMBER.test(text.trim())) return null;
  const number = text.replaceAll(/[^\d+]/g, '');
  return number.length < 2 ? null : number;
}
