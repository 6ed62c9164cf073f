/** The words around care in a terminal. */
export interface CareWords {
  readonly title: string;
  readonly held: string;
  readonly inDanger: string;
  readonly or: string;
  readonly call: string;
  readonly text: string;
  readonly textWord: string;
  readonly oversight: Readonly<Record<'queued' | 'delivered', string>>;
  readonly hours: Readonly<Record<string, string>>;
}

/** By the language of the answer. Where the page has the same words, they are the same (`public/play/care-words.js`). */
export const CARE_WORDS: Readonly<Record<string, CareWords>> = {
  en: {
    title: 'You come first. The story can wait.',
    held: 'The story rests until a person has looked in on you.',
    inDanger: 'In danger right now:',
    or: 'or',
    call: 'call {value}',
    text: 'text {value}',
    textWord: 'text {word} to {number}',
    oversight: {
      queued:
        'A person who looks after this place is being told that you may need somebody. Your words are not passed on.',
      delivered:
        'A person who looks after this place knows that you may need somebody. Your words were not passed on.',
    },
    hours: {},
  },
  es: {
    title: 'Tú vas primero. La historia puede esperar.',
    held: 'La historia descansa hasta que una persona haya visto cómo estás.',
    inDanger: 'En peligro ahora mismo:',
    or: 'o',
    call: 'llama al {value}',
    text: 'escribe al {value}',
    textWord: 'envía {word} al {number}',
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

export function careWords(language: string): CareWords {
  return (Object.hasOwn(CARE_WORDS, language) ? CARE_WORDS[language] : CARE_WORDS['en'])!; // English is always there
}
