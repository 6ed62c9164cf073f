import { find } from './dom.js';
import { keptKey } from './kept.js';

/** @returns {Promise<boolean>} whether to begin anew */
export async function askNewStory() {
  return (await outcomeOf(find('new-dialog', HTMLDialogElement))) === 'begin';
}

/** @type {Promise<boolean> | undefined} */
let asking;

/** Asks for the API key and keeps it for this tab. One question at a time, whoever asks. */
export function askKey() {
  return (asking ??= ask().finally(() => (asking = undefined)));
}

async function ask() {
  const input = find('key', HTMLInputElement);
  const why = find('key-why', HTMLParagraphElement);
  if (keptKey.read() !== null) why.textContent = 'This key was not accepted. Please look at it once more.';
  input.value = '';
  const dialog = find('key-dialog', HTMLDialogElement);
  // No submit button: Enter in the field would press the first one.
  const later = find('key-later', HTMLButtonElement);
  const close = () => dialog.close();
  later.addEventListener('click', close);
  const outcome = await outcomeOf(dialog);
  later.removeEventListener('click', close);
  if (outcome !== 'enter' || input.value.trim() === '') return false;
  keptKey.write(input.value.trim());
  input.value = '';
  return true;
}

/** @param {HTMLDialogElement} dialog @returns {Promise<string>} */
function outcomeOf(dialog) {
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue), { once: true });
  });
}
