import { callOf, messageOf, siteOf } from './contacts.js';
import { make } from './dom.js';

/**
 * Care in the place of a story: where somebody listens comes first, then the words.
 *
 * @typedef {{ id: string, name: string, phone?: string, sms?: string, url?: string, hours: string }} Place
 * @typedef {object} CareAnswer
 * @property {string} response_text
 * @property {{ support_resources: Place[], emergency_contacts: string[], held?: boolean }} crisis_response
 * @property {string} [human_oversight_notified]
 */

const TITLE = 'You come first. The story can wait.';
const HELD_TITLE = 'The story rests until a person has looked in on you.';

/** @type {Record<string, string>} */
const OVERSIGHT = {
  queued:
    'A person who looks after this place is being told that you may need somebody. Your words are not passed on.',
  delivered:
    'A person who looks after this place knows that you may need somebody. Your words were not passed on.',
};

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
  const places = make('ul', 'care-places', ...crisis.support_resources.map(renderPlace));
  const title = make('h2', '', crisis.held === true ? HELD_TITLE : TITLE);
  const section = make('section', 'care', title, places, renderEmergency(crisis.emergency_contacts));
  section.ariaLabel = 'Help that is there now';
  for (const paragraph of text.split(/\n{2,}/)) section.append(make('p', 'care-words', paragraph));
  const oversight = OVERSIGHT[told ?? ''];
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
  const emergency = crisis.emergency_contacts[0];
  const first = crisis.support_resources[0];
  const reach = first && (callOf(first.phone) ?? messageOf(first.sms) ?? siteOf(first.url));
  return [
    ...(first === undefined ? [] : ['Help now: ', contactOf(first.name, reach ?? null), ' · ']),
    'In danger: ',
    contactOf(emergency, callOf(emergency)),
  ];
}

/** @param {Place} place */
function renderPlace({ name, phone, sms, url, hours }) {
  const ways = [callOf(phone), messageOf(sms), siteOf(url)].flatMap((way) =>
    way === null ? [] : [link(way)],
  );
  const head = make('p', 'care-name', make('strong', '', name), ' ', make('span', 'care-hours', hours));
  return make('li', '', head, make('p', 'care-ways', ...ways));
}

/** @param {readonly string[]} contacts */
function renderEmergency(contacts) {
  const line = make('p', 'care-emergency', 'If you or somebody else is in danger right now: ');
  for (const [index, contact] of contacts.entries()) {
    if (index > 0) line.append(' or ');
    line.append(contactOf(contact, callOf(contact)));
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
