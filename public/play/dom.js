/**
 * The element of an id, which is in the page and of this kind.
 *
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function find(id, kind) {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new TypeError(`the page has no ${kind.name} "${id}"`);
}

/**
 * A new element. Texts become text nodes, so what players and stories write is never markup.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [className]
 * @param {...(string | Node)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, className = '', ...children) {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.append(...children);
  return element;
}

/**
 * @param {string} label
 * @param {() => void} onClick
 */
export function makeButton(label, onClick) {
  const button = make('button', '', label);
  button.type = 'button';
  button.addEventListener('click', onClick);
  return button;
}
