import { careWords } from './care-words.js';
import { callOf, messageOf, siteOf } from './contacts.js';
import { make } from './dom.js';

/**
 * Care in the place of a story: where somebody listens comes first, then the words.
 *
 * @typedef {{ id: string, name: string, phone?: string, sms?: string, url?: string, hours: string }} Place
 * @typedef {object} CareAnswer
 * @property {string} response_text
 * @property {{ support_resources: Place[], emergency_contacts: string[], held?: boolean, language?: string }} crisis_response
 * @property {string} [human_oversight_notified]
 */

/** @param {unknown} answer @returns {answer is CareAnswer} */
export function isCare(answer) {
  const care = /** @type {Partial<CareAnswer> | null | undefined} */ (answer);
  return (
    typeof care?.response_text === 'string' &&
    Array.isArray(care.crisis_response?.support_resources) &&
    Array.isArray(care.crisis_response?.emergency_contacts)
  );
}

/** @param {CareAnswer} answer @returns {HTMLElement} */
export function renderCare({ response_text: text, crisis_response: crisis, human_oversight_notified: told }) {
  const { language, words } = careWords(crisis.language);
  const places = crisis.support_resources.map((place) => renderPlace(place, words));
  const title = make('h2', '', crisis.held === true ? words.held : words.title);
  const emergency = renderEmergency(crisis.emergency_contacts, words);
  const section = make('section', 'care', title, make('ul', 'care-places', ...places), emergency);
  section.ariaLabel = words.region;
  section.lang = language;
  for (const paragraph of text.split(/\n{2,}/)) section.append(make('p', 'care-words', paragraph));
  const oversight = words.oversight[told ?? ''];
  if (oversight !== undefined) section.append(make('p', 'care-note', oversight));
  return section;
}

/**
 * The same in one line, for where it is always in sight.
 *
 * @param {CareAnswer} answer
 * @returns {(string | Node)[]}
 */
export function careLine({ crisis_response: crisis }) {
  const { language, words } = careWords(crisis.language);
  const emergency = crisis.emergency_contacts[0];
  const first = crisis.support_resources[0];
  const reach = first && (callOf(first.phone, words) ?? messageOf(first.sms, words) ?? siteOf(first.url));
  const line = make(
    'span',
    '',
    ...(first === undefined ? [] : [`${words.helpNow} `, contactOf(first.name, reach ?? null), ' · ']),
    `${words.inDangerShort} `,
    contactOf(emergency, callOf(emergency, words)),
  );
  line.lang = language;
  return [line];
}

/** @param {Place} place @param {import('./care-words.js').CareWords} words */
function renderPlace({ name, phone, sms, url, hours }, words) {
  const ways = [callOf(phone, words), messageOf(sms, words), siteOf(url)].flatMap((way) =>
    way === null ? [] : [link(way)],
  );
  const head = make(
    'p',
    'care-name',
    make('strong', '', name),
    ' ',
    make('span', 'care-hours', words.hours[hours] ?? hours),
  );
  return make('li', '', head, make('p', 'care-ways', ...ways));
}

/** @param {readonly string[]} contacts @param {import('./care-words.js').CareWords} words */
function renderEmergency(contacts, words) {
  const line = make('p', 'care-emergency', `${words.inDanger} `);
  for (const [index, contact] of contacts.entries()) {
    if (index > 0) line.append(` ${words.or} `);
    line.append(contactOf(contact, callOf(contact, words)));
  }
  return line;
}

/** @param {string | undefined} text @param {import('./contacts.js').Contact | null} contact */
function contactOf(text, contact) {
  return contact === null ? (text ?? '') : link(contact);
}

/** @param {import('./contacts.js').Contact} contact */
function link({ href, label, isAway }) {
  const anchor = make('a', '', label);
  anchor.href = href;
  if (isAway === true) {
    anchor.target = '_blank';
    anchor.rel = 'noopener noreferrer';
  }
  return anchor;
}
