import { careLine, isCare, renderCare } from './care.js';
import { find } from './dom.js';
import { keptCare } from './kept.js';
import { reveal } from './reveal.js';

/**
 * Care in the place of a story. It is kept, so that it is still there without a connection and after a reload; what the
 * player said is not.
 *
 * @param {object} parts
 * @param {() => string | null} parts.session
 * @param {{ offer(choices: readonly import('./api.js').Choice[]): void }} parts.choices
 * @param {ReturnType<typeof import('./story.js').createStory>} parts.story
 */
export function createCareKeeper({ session, choices, story }) {
  const safety = find('safety', HTMLParagraphElement);
  const usual = [...safety.childNodes];

  /** @param {import('./care.js').CareAnswer} answer */
  function keepInSight(answer) {
    choices.offer([]);
    safety.classList.add('near');
    safety.replaceChildren(...careLine(answer));
  }

  /** @returns {import('./care.js').CareAnswer | undefined} */
  function before() {
    try {
      const known = JSON.parse(keptCare.read() ?? 'null');
      return known?.session === session() && isCare(known?.answer) ? known.answer : undefined;
    } catch {
      return undefined;
    }
  }

  return {
    /** @param {import('./care.js').CareAnswer} answer @param {import('./story.js').TurnView} view */
    show(answer, view) {
      const { response_text, crisis_response, human_oversight_notified } = answer;
      const kept = { response_text, crisis_response, human_oversight_notified };
      keptCare.write(JSON.stringify({ session: session(), answer: kept }));
      view.care(renderCare(answer));
      keepInSight(answer);
    },
    /** What was shown before this page was loaded. @returns {boolean} whether there was any */
    restore() {
      const answer = before();
      if (answer === undefined) return false;
      const element = story.addCare(renderCare(answer));
      keepInSight(answer);
      reveal(element);
      return true;
    },
    /** The story goes on. */
    end() {
      keptCare.write(null);
      safety.classList.remove('near');
      safety.replaceChildren(...usual);
    },
  };
}
