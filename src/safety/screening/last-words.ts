import type { SupportAnswer } from '../../contracts/support.ts';

/** What is said when even the words for it cannot be found: it needs nothing that could be missing. */
export const LAST_WORDS: SupportAnswer = {
  text:
    'I am glad you told me. Find A Helpline (findahelpline.com) lists people near you who listen, free and at any hour. ' +
    'If you are in danger now, please call your local emergency number. ' +
    'You do not have to carry this alone; if you can, ask somebody you trust to stay with you. The story can wait.',
  language: 'en',
  resources: [
    {
      id: 'findahelpline',
      name: 'Find A Helpline',
      url: 'https://findahelpline.com',
      hours: '24/7',
      languages: ['en'],
    },
  ],
  emergencyContacts: ['your local emergency number'],
};

/** In the place of a player's line that may not go on, where nobody is in danger. */
export const NOT_THIS_WAY =
  'I would like to take care with this one, so the story does not follow it there. ' +
  'Try it in other words, or do something else; I am here.';

/** In the place of a story that may not be told. */
export const NEUTRAL_STORY =
  'For a moment the story only keeps you company. Nothing here asks anything of you. What would you like to do next?';
