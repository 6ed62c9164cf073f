/**
 * The words around care, by the language of the answer: the same as those of the terminal (`src/cli/play/care-words.ts`).
 *
 * @typedef {object} CareWords
 * @property {string} region
 * @property {string} title
 * @property {string} held
 * @property {string} inDanger
 * @property {string} inDangerShort
 * @property {string} helpNow
 * @property {string} or
 * @property {string} call
 * @property {string} text
 * @property {string} textWord
 * @property {Record<string, string>} oversight
 * @property {Record<string, string>} hours
 */

/** @type {CareWords} */
const ENGLISH = {
  region: 'Help that is there now',
  title: 'You come first. The story can wait.',
  held: 'The story rests until a person has looked in on you.',
  inDanger: 'If you or somebody else is in danger right now:',
  inDangerShort: 'In danger:',
  helpNow: 'Help now:',
  or: 'or',
  call: 'Call {value}',
  text: 'Text {value}',
  textWord: 'Text {word} to {number}',
  oversight: {
    queued:
      'A person who looks after this place is being told that you may need somebody. Your words are not passed on.',
    delivered:
      'A person who looks after this place knows that you may need somebody. Your words were not passed on.',
  },
  hours: {},
};

/** @type {Record<string, CareWords>} */
export const CARE_WORDS = {
  en: ENGLISH,
  es: {
    region: 'Ayuda que está ahí ahora',
    title: 'Tú vas primero. La historia puede esperar.',
    held: 'La historia descansa hasta que una persona haya visto cómo estás.',
    inDanger: 'Si hay peligro ahora mismo, para ti o para otra persona:',
    inDangerShort: 'En peligro:',
    helpNow: 'Ayuda ahora:',
    or: 'o',
    call: 'Llama al {value}',
    text: 'Escribe al {value}',
    textWord: 'Envía {word} al {number}',
    oversight: {
      queued:
        'Estamos avisando a una persona que cuida de este lugar de que puedes necesitar a alguien. Tus palabras no se transmiten.',
      delivered:
        'Una persona que cuida de este lugar sabe que puedes necesitar a alguien. Tus palabras no se han transmitido.',
    },
    hours: {
      'lists lines by country': 'lista líneas por país',
      'Mon-Sat 14:00-20:00': 'lun-sáb 14:00-20:00',
    },
  },
};

/** @param {string | undefined} language @returns {{ language: string, words: CareWords }} */
export function careWords(language) {
  const words =
    language !== undefined && Object.hasOwn(CARE_WORDS, language) ? CARE_WORDS[language] : undefined;
  return words === undefined ? { language: 'en', words: ENGLISH } : { language: language ?? 'en', words };
}
