/**
 * What the browser remembers for this page. A browser that refuses to store (private windows, full disks) costs the
 * memory, never the game.
 */

/**
 * @param {() => Storage} storage
 * @param {string} name
 */
export function kept(storage, name) {
  const key = `tta.${name}`;
  /** Stands in where nothing can be stored. @type {string | null} */
  let here = null;
  return {
    /** @returns {string | null} */
    read() {
      try {
        return storage().getItem(key) ?? here;
      } catch {
        return here;
      }
    },
    /** @param {string | null} value */
    write(value) {
      here = value;
      try {
        if (value === null) storage().removeItem(key);
        else storage().setItem(key, value);
      } catch {
        // `here` has it for as long as the page lives.
      }
    },
  };
}

export const keptSession = kept(() => localStorage, 'session');
export const keptDraft = kept(() => localStorage, 'draft');
export const keptOutbox = kept(() => localStorage, 'outbox');
export const keptPath = kept(() => localStorage, 'path');
export const keptPlace = kept(() => localStorage, 'place');
/** The newest answer in a crisis: places to turn to, never what the player said. */
export const keptCare = kept(() => localStorage, 'care');
/** Gone with the tab. */
export const keptKey = kept(() => sessionStorage, 'key');

/** A random id of 128 bits; `crypto.randomUUID` exists on https and localhost only. */
export function randomId() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}
