import { find } from './dom.js';
import { wordsFor } from './words.js';

/** One line of words about what is going on besides the story; it is announced once when it changes. */
export function createNotice() {
  const box = find('notice', HTMLParagraphElement);
  const text = find('notice-text', HTMLSpanElement);
  const action = find('notice-action', HTMLButtonElement);
  /** @type {(() => void) | undefined} */
  let act;
  action.addEventListener('click', () => act?.());
  return {
    /**
     * @param {import('./api.js').PlayError} failure
     * @param {{ label: string, act: () => void }} [way]
     */
    fail(failure, way) {
      this.say(wordsFor(failure), way);
    },
    /** @param {string} words @param {{ label: string, act: () => void }} [way] */
    say(words, way) {
      if (text.textContent !== words) text.textContent = words;
      act = way?.act;
      action.textContent = way?.label ?? '';
      action.hidden = way === undefined;
      box.hidden = false;
    },
    clear() {
      box.hidden = true;
      text.textContent = '';
    },
  };
}
