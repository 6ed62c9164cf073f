import { make, makeButton } from './dom.js';
import { renderPath } from './path.js';
import { sentencesOf } from './sentences.js';

/** Sentences that come at once appear one after the other, at the pace of a calm reader's first glance. */
const BETWEEN_SENTENCES_MS = 170;

/**
 * The story as a column of turns. The column is a live region: each sentence is announced once, when it is added.
 * What is not story (the player's own line, the path, trouble) says of itself that it is not live.
 *
 * @param {HTMLElement} column
 */
export function createStory(column) {
  return {
    get isEmpty() {
      return column.childElementCount === 0;
    },
    /** @param {string} text @param {{ isFirst: boolean }} options */
    add(text, { isFirst }) {
      const view = turnView(text, isFirst);
      column.append(view.element);
      return view;
    },
    /** Care that was given before, without the line it answered. @param {HTMLElement} care */
    addCare(care) {
      const element = make('article', 'turn', care);
      column.append(element);
      return element;
    },
    /**
     * Earlier turns, above what is shown.
     *
     * @param {readonly import('./api.js').TurnRecord[]} records  oldest first
     * @returns {TurnView | undefined} that of the newest
     */
    restore(records) {
      const views = records.map((record) => {
        const view = turnView(record.text, record.turn === 1);
        view.tell(record.response_text, { isWhole: true, isNew: false });
        return view;
      });
      column.prepend(...views.map(({ element }) => element));
      return views.at(-1);
    },
    clear() {
      column.replaceChildren();
    },
    /** @param {boolean} isLive */
    setLive(isLive) {
      column.ariaLive = isLive ? 'polite' : 'off';
    },
  };
}

/** @typedef {ReturnType<typeof turnView>} TurnView */

/** @param {string} text @param {boolean} isFirst */
function turnView(text, isFirst) {
  const said = make('p', 'said', make('span', 'visually-hidden', 'You: '), text);
  const waiting = make('p', 'waiting');
  const told = make('div', 'told');
  const trouble = make('p', 'trouble');
  const path = make('ol', 'path');
  for (const element of [said, waiting, trouble, path]) element.ariaLive = 'off';
  path.ariaLabel = 'Path of this turn';
  waiting.hidden = trouble.hidden = path.hidden = true;
  const element = make('article', isFirst ? 'turn first' : 'turn', said, waiting, told, trouble, path);
  const sentences = growingText(told);

  return {
    element,
    /** @param {string} words  empty: it no longer waits */
    wait(words) {
      waiting.textContent = words;
      waiting.hidden = words === '';
    },
    /**
     * @param {string} story  as far as it is known
     * @param {{ isWhole: boolean, isNew?: boolean }} options
     */
    tell(story, { isWhole, isNew = true }) {
      sentences.show(sentencesOf(story, { isWhole }), isNew);
    },
    /** Care in the place of the story. @param {HTMLElement} care */
    care(care) {
      told.replaceChildren(care);
      path.hidden = true;
    },
    hidePath() {
      path.hidden = true;
    },
    /** @param {import('./path.js').Path} state @param {string} [remark] */
    showPath(state, remark) {
      path.hidden = false;
      renderPath(path, state, remark);
    },
    /**
     * @param {string} words
     * @param {{ label: string, act: () => void }} [way]  out of it
     */
    fail(words, way) {
      trouble.replaceChildren(words);
      if (way !== undefined) trouble.append(' ', makeButton(way.label, way.act));
      trouble.hidden = words === '';
    },
    remove: () => element.remove(),
  };
}

/**
 * A text that grows at its end. What stands already is never touched again, so it is neither announced nor faded in a
 * second time; where the text differs, everything after that place is replaced.
 *
 * @param {HTMLElement} box
 */
function growingText(box) {
  /** @type {string[][]} */
  let shown = [];
  let free = 0;

  return {
    /** @param {string[][]} paragraphs @param {boolean} isNew */
    show(paragraphs, isNew) {
      let isSame = true;
      for (const [p, sentences] of paragraphs.entries()) {
        const paragraph = box.children[p] ?? box.appendChild(make('p'));
        for (const [s, sentence] of sentences.entries()) {
          if (isSame && shown[p]?.[s]?.trimEnd() === sentence.trimEnd()) continue;
          if (isSame) clearFrom(p, s);
          isSame = false;
          const span = make('span', isNew ? 'sentence' : '', sentence);
          if (isNew) span.style.animationDelay = `${delay()}ms`;
          paragraph.append(span);
        }
      }
      if (isSame) clearFrom(paragraphs.length - 1, paragraphs.at(-1)?.length ?? 0);
      shown = paragraphs;
    },
  };

  /** @param {number} p @param {number} s */
  function clearFrom(p, s) {
    while (box.children.length > p + 1) box.lastElementChild?.remove();
    const paragraph = box.children[p];
    for (const sentence of [...(paragraph?.children ?? [])].slice(s)) sentence.remove();
  }

  function delay() {
    const now = performance.now();
    free = Math.max(now, free + BETWEEN_SENTENCES_MS);
    return Math.round(free - now);
  }
}
