import { askNewStory } from './dialogs.js';
import { find } from './dom.js';
import { keptPath, keptPlace } from './kept.js';

/** Where the place lies beside the story instead of above it. */
const WIDE = matchMedia('(min-width: 64rem)');

/**
 * The tools above the story: show the place, show the path of each turn, begin a new story.
 *
 * @param {{ onNewStory: () => void }} options
 */
export function createTools({ onNewStory }) {
  const place = find('place', HTMLElement);
  const showPlace = find('show-place', HTMLButtonElement);
  const showPath = find('show-path', HTMLButtonElement);
  const newStory = find('new-story', HTMLButtonElement);
  let hasPlace = false;
  let isPlaceWanted = keptPlace.read() === null ? WIDE.matches : keptPlace.read() === 'on';

  showPlace.addEventListener('click', () => {
    isPlaceWanted = !isPlaceWanted;
    // A small screen begins with the story alone, whatever was chosen on it last time.
    if (WIDE.matches) keptPlace.write(isPlaceWanted ? 'on' : 'off');
    arrange();
  });
  // On a small screen it lies over the story, which goes on now.
  place.addEventListener('click', ({ target }) => {
    if (WIDE.matches || !(target instanceof Element) || target.closest('li button') === null) return;
    isPlaceWanted = false;
    arrange();
    showPlace.focus();
  });
  showPath.addEventListener('click', () => setPath(showPath.ariaPressed !== 'true'));
  newStory.addEventListener('click', () => void askNewStory().then((isSure) => isSure && onNewStory()));
  setPath(keptPath.read() !== 'off');
  if (!WIDE.matches) isPlaceWanted = false;

  /** @param {boolean} isShown */
  function setPath(isShown) {
    showPath.ariaPressed = String(isShown);
    document.documentElement.dataset['path'] = isShown ? 'on' : 'off';
    keptPath.write(isShown ? null : 'off');
  }

  function arrange() {
    showPlace.hidden = !hasPlace;
    place.hidden = !hasPlace || !isPlaceWanted;
    showPlace.ariaExpanded = String(!place.hidden);
  }

  return {
    /** @param {{ hasStory: boolean, hasPlace: boolean }} state */
    offer(state) {
      hasPlace = state.hasPlace;
      newStory.hidden = !state.hasStory;
      arrange();
    },
  };
}
