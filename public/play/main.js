import { createApi } from './api.js';
import { createChoices } from './choices.js';
import { createComposer } from './composer.js';
import { askKey } from './dialogs.js';
import { find } from './dom.js';
import { createGame } from './game.js';
import { keptKey } from './kept.js';
import { createNotice } from './notice.js';
import { createPlace } from './place.js';
import { createStory } from './story.js';
import { createTools } from './tools.js';

// The page lies at …/play and its files at …/play/*, so the API is one folder above them.
const api = createApi({ base: new URL('..', import.meta.url), key: () => keptKey.read() });

const composer = createComposer((line) => game.say(choices.meaning(line)));
const choices = createChoices((line, isByKeyboard) => {
  game.say(line);
  // The buttons make way for the next ones; a keyboard must not lose its place, a phone not open its keyboard.
  if (isByKeyboard) composer.focus();
});
const place = createPlace(
  {
    panel: find('place', HTMLElement),
    name: find('place-name', HTMLHeadingElement),
    mood: find('place-mood', HTMLParagraphElement),
    parts: find('place-parts', HTMLDivElement),
    head: find('running-head', HTMLSpanElement),
  },
  (line) => game.say(line),
);
const tools = createTools({ onNewStory: () => game.beginAnew() });
const notice = createNotice();
const game = createGame({
  api,
  askKey,
  choices,
  composer,
  notice,
  place,
  story: createStory(find('story', HTMLDivElement)),
  tools,
});

find('begin', HTMLButtonElement).addEventListener('click', () => {
  game.say('look around');
  composer.focus();
});
find('earlier', HTMLButtonElement).addEventListener('click', () => void game.showEarlier());
addEventListener('online', () => game.hurry());
addEventListener('offline', () => game.noteOffline());

await game.start();
