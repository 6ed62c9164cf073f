import { make, makeButton } from './dom.js';

/**
 * Where the player is, who and what is there, what is carried. Each entry says the obvious line about it.
 *
 * @param {{ panel: HTMLElement, name: HTMLElement, mood: HTMLElement, parts: HTMLElement, head: HTMLElement }} elements
 * @param {(line: string) => void} say
 */
export function createPlace(elements, say) {
  return {
    /** @param {import('./api.js').WorldView} world */
    show({ location, npcs, objects, inventory }) {
      elements.name.textContent = location.name;
      elements.head.textContent = location.name;
      elements.mood.textContent = location.mood;
      document.documentElement.dataset['theme'] = location.theme;
      elements.parts.replaceChildren(
        ...[
          part(
            'Ways',
            location.exits.map(({ direction, to_name: to, to_id: id }) => ({
              label: direction,
              more: id === 'unexplored' ? 'unexplored' : to,
              line: `go ${direction}`,
            })),
          ),
          part(
            'Who is here',
            npcs.map(({ name, mood }) => ({ label: name, more: mood, line: `talk to the ${name}` })),
          ),
          part(
            'What is here',
            objects.map(({ name }) => ({ label: name, line: `examine the ${name}` })),
          ),
          part(
            'You carry',
            inventory.map(({ name }) => ({ label: name, line: `examine the ${name}` })),
          ),
        ].flat(),
      );
    },
    clear() {
      elements.head.textContent = 'A text adventure';
      elements.parts.replaceChildren();
      delete document.documentElement.dataset['theme'];
    },
  };

  /**
   * @param {string} title
   * @param {{ label: string, more?: string, line: string }[]} entries
   */
  function part(title, entries) {
    if (entries.length === 0) return [];
    const items = entries.map(({ label, more, line }) => {
      const button = makeButton(label, () => say(line));
      if (more !== undefined && more !== '') button.append(' ', make('small', '', more));
      return make('li', '', button);
    });
    return [make('section', '', make('h3', '', title), make('ul', '', ...items))];
  }
}
