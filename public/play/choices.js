import { find, make, makeButton } from './dom.js';

/**
 * What the story suggests to do next; a number alone, written as a line, takes the choice with that number.
 *
 * @param {(line: string, isByKeyboard: boolean) => void} onChoice
 */
export function createChoices(onChoice) {
  const nav = find('choices', HTMLElement);
  const list = find('choice-list', HTMLOListElement);
  /** @type {readonly import('./api.js').Choice[]} */
  let offered = [];
  return {
    /** @param {readonly import('./api.js').Choice[]} choices */
    offer(choices) {
      offered = choices;
      list.replaceChildren(
        ...choices.map(({ text }) => {
          const button = makeButton(text, () => undefined);
          // A click made with a key has no detail.
          button.addEventListener('click', (event) => onChoice(text, event.detail === 0));
          return make('li', '', button);
        }),
      );
      nav.hidden = choices.length === 0;
    },
    /** The line that is meant. @param {string} line */
    meaning(line) {
      return /^\d$/.test(line) ? (offered[Number(line) - 1]?.text ?? line) : line;
    },
  };
}
