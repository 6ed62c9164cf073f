import { find } from './dom.js';
import { keptDraft } from './kept.js';

/**
 * The line the player writes. Enter sends, the up arrow in an empty line brings earlier lines back, and a draft
 * outlives a reload.
 *
 * @param {(line: string) => void} onLine
 */
export function createComposer(onLine) {
  const form = find('composer', HTMLFormElement);
  const input = find('line', HTMLTextAreaElement);
  /** @type {string[]} */
  const earlier = [];
  let place = 0;

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  input.addEventListener('input', () => {
    place = earlier.length;
    keep();
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
      return;
    }
    const isBrowsing = input.value === '' || (place < earlier.length && input.value === earlier[place]);
    if (!isBrowsing || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
    const to = place + (event.key === 'ArrowUp' ? -1 : 1);
    if (to < 0 || to > earlier.length) return;
    event.preventDefault();
    place = to;
    input.value = earlier[place] ?? '';
    keep();
  });
  input.value = keptDraft.read() ?? '';

  function submit() {
    const text = input.value.trim();
    if (text === '') {
      input.focus();
      return;
    }
    input.value = '';
    keep();
    onLine(text);
  }

  function keep() {
    keptDraft.write(input.value === '' ? null : input.value);
  }

  return {
    focus: () => input.focus(),
    /** @param {string} text */
    remember(text) {
      if (earlier.at(-1) !== text) earlier.push(text);
      place = earlier.length;
    },
    /** A line that was not taken comes back, unless the player writes another one. @param {string} text */
    giveBack(text) {
      if (input.value.trim() !== '') return;
      input.value = text;
      keep();
    },
  };
}
