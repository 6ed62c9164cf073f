import { PlayError } from './api.js';
import { isCare } from './care.js';
import { find } from './dom.js';
import { followTurn } from './follow-turn.js';
import { createCareKeeper } from './keep-care.js';
import { keptSession, randomId } from './kept.js';
import { createOutbox } from './outbox.js';
import { newPath, pathOfAnswer } from './path.js';
import { reveal } from './reveal.js';
import { reasonWords, wordsFor } from './words.js';

// The life of a line:
// 1. It is written: shown at once and put into the outbox, which outlives a reload.
// 2. The fleet accepts it as a turn; the outbox knows its run.
// 3. Turns are followed one after the other: path and text as they come, then the answer.
// 4. The answer is shown and the outbox forgets the line; from now on the fleet's history has it.
// A line that needs care is answered itself: no turn follows, the story pauses, and the answer stays in sight.

/**
 * @param {object} parts
 * @param {import('./api.js').Api} parts.api
 * @param {() => Promise<boolean>} parts.askKey
 * @param {ReturnType<typeof import('./choices.js').createChoices>} parts.choices
 * @param {ReturnType<typeof import('./composer.js').createComposer>} parts.composer
 * @param {ReturnType<typeof import('./notice.js').createNotice>} parts.notice
 * @param {ReturnType<typeof import('./place.js').createPlace>} parts.place
 * @param {ReturnType<typeof import('./story.js').createStory>} parts.story
 * @param {ReturnType<typeof import('./tools.js').createTools>} parts.tools
 */
export function createGame({ api, askKey, choices, composer, notice, place, story, tools }) {
  const welcome = find('welcome', HTMLElement);
  const earlierLine = find('earlier-line', HTMLParagraphElement);
  const safety = find('safety', HTMLParagraphElement);

  let session = keptSession.read();
  /** What the story offered last. @type {readonly import('./api.js').Choice[]} */
  let offered = [];
  const care = createCareKeeper({ session: () => session, choices, story });
  /** The fleet knows the session; until then each line would create it. */
  let isKnown = false;
  /** @type {string | null} */
  let earlierCursor = null;
  let leaving = new AbortController();
  /** @type {Map<import('./outbox.js').Line, import('./story.js').TurnView>} */
  const views = new Map();
  /** The one that is followed, after those before it. */
  let following = Promise.resolve();

  const outbox = createOutbox({
    api,
    askKey: async () => {
      const isEntered = await askKey();
      if (!isEntered) notice.fail(new PlayError(401, 'UNAUTHENTICATED'), tryAgain);
      else notice.clear();
      return isEntered;
    },
    onAccepted(line, behind) {
      isKnown = true;
      if (behind > 0) {
        views
          .get(line)
          ?.wait(behind === 1 ? 'Waits for the line before it.' : `Waits behind ${behind} lines.`);
      }
      follow(line);
    },
    onAnswered(line, answer) {
      const view = views.get(line);
      views.delete(line);
      if (view === undefined) return;
      view.wait('');
      view.element.ariaBusy = 'false';
      if (isCare(answer)) care.show(answer, view);
      else {
        view.tell(answer.response_text, { isWhole: true });
        view.hidePath();
        choices.offer(offered);
      }
      reveal(view.element);
    },
    onRefused(line, failure) {
      const isLost = failure.code === 'SESSION_NOT_FOUND';
      const way = isLost
        ? { label: 'New story', act: () => beginAnew(line.text) }
        : { label: 'Try again', act: () => again(line) };
      const view = views.get(line);
      view?.fail(wordsFor(failure), way);
      view?.wait('');
      if (view !== undefined) view.element.ariaBusy = 'false';
      notice.say(wordsFor(failure), isLost ? way : undefined);
      composer.giveBack(line.text);
      if (!isKnown && outbox.isEmpty) keptSession.write((session = null));
    },
    onTrouble: (failure) => showTrouble(failure),
  });
  const tryAgain = { label: 'Try now', act: () => outbox.hurry() };

  /** @param {PlayError | null} failure */
  function showTrouble(failure) {
    if (failure === null) notice.clear();
    else notice.fail(failure, tryAgain);
  }

  /** @param {import('./outbox.js').Line} line */
  function showLine(line) {
    welcome.hidden = true;
    const view = story.add(line.text, { isFirst: story.isEmpty && line.creates });
    view.wait('');
    view.showPath(newPath());
    view.element.ariaBusy = 'true';
    views.set(line, view);
    composer.remember(line.text);
    reveal(view.element);
  }

  /** @param {string} text */
  function say(text) {
    const creates = !isKnown;
    session ??= `play-${randomId()}`;
    keptSession.write(session);
    tools.offer({ hasStory: true, hasPlace: isKnown });
    choices.offer([]);
    const line = outbox.add(session, text, creates);
    showLine(line);
  }

  /** @param {import('./outbox.js').Line} line */
  function again(line) {
    views.get(line)?.remove();
    views.delete(line);
    say(line.text);
  }

  /** @param {import('./outbox.js').Line} line */
  function follow(line) {
    const { signal } = leaving;
    following = following
      .then(() => followLine(line, signal))
      .catch((error) => {
        if (!signal.aborted) reportError(error);
      });
  }

  /** @param {import('./outbox.js').Line} line @param {AbortSignal} signal */
  async function followLine(line, signal) {
    const view = views.get(line);
    if (view === undefined || line.runId === null || signal.aborted) return;
    view.wait('');
    /** @type {import('./path.js').Path} */
    let path = newPath();
    try {
      const answer = await followTurn(api, line.runId, {
        signal,
        onPath(next) {
          path = next;
          view.showPath(path);
        },
        onText(text) {
          view.tell(text, { isWhole: false });
          reveal(view.element);
        },
        onTrouble: showTrouble,
      });
      outbox.forget(line);
      if (isCare(answer)) care.show(answer, view);
      else {
        view.tell(answer.response_text, { isWhole: true });
        view.showPath(path, reasonWords(answer.workflow_metadata.degraded_reasons));
        care.end();
        showAnswer(answer);
      }
      reveal(view.element);
    } catch (error) {
      signal.throwIfAborted();
      const failure = error instanceof PlayError ? error : new PlayError(0, 'NO_ANSWER');
      view.fail(wordsFor(failure), { label: 'Try again', act: () => again(line) });
      outbox.forget(line);
      composer.giveBack(line.text);
    } finally {
      view.element.ariaBusy = 'false';
    }
  }

  /** @param {import('./api.js').TurnAnswer} answer */
  function showAnswer({ updated_context: context, next_actions: actions, ...answer }) {
    if (context.world_state !== null) place.show(context.world_state);
    tools.offer({ hasStory: true, hasPlace: context.world_state !== null });
    offered = actions;
    choices.offer(actions);
    safety.classList.toggle('near', answer.therapeutic_validation.level === 'blocked');
  }

  /** Takes up the story where it was left. */
  async function resume() {
    const open = outbox.keepOnly(session);
    if (session === null) {
      welcome.hidden = false;
      tools.offer({ hasStory: false, hasPlace: false });
      await api.knock();
      return;
    }
    tools.offer({ hasStory: true, hasPlace: false });
    const page = await api.listTurns(session).catch((error) => {
      // The very first line may still be on its way.
      if (error instanceof PlayError && error.status === 404 && open.length > 0) return null;
      throw error;
    });
    isKnown = page !== null;
    const told = new Set(page?.items.map(({ run_id: id }) => id));
    const newest = story.restore(page?.items.toReversed() ?? []);
    setEarlier(page?.next_cursor ?? null);
    for (const { text } of page?.items.toReversed() ?? []) composer.remember(text);
    for (const line of open) {
      if (line.runId !== null && told.has(line.runId)) outbox.forget(line);
      else showLine(line);
      if (line.runId !== null && !told.has(line.runId)) follow(line);
    }
    const last = page?.items[0];
    if (last !== undefined && newest !== undefined) await showLast(last.run_id, newest);
    care.restore();
    if (story.isEmpty) welcome.hidden = false;
    outbox.hurry();
  }

  /** @param {string} runId @param {import('./story.js').TurnView} view */
  async function showLast(runId, view) {
    reveal(view.element);
    try {
      const answer = await api.result(runId);
      if (answer === undefined || views.size > 0) return;
      showAnswer(answer);
      view.showPath(pathOfAnswer(answer), reasonWords(answer.workflow_metadata.degraded_reasons));
      reveal(view.element);
    } catch (error) {
      // The story itself is there; place and choices come with the next turn.
      if (!(error instanceof PlayError)) throw error;
    }
  }

  /** @param {string | null} cursor */
  function setEarlier(cursor) {
    earlierCursor = cursor;
    earlierLine.hidden = cursor === null;
  }

  async function showEarlier() {
    if (session === null || earlierCursor === null) return;
    try {
      const page = await api.listTurns(session, earlierCursor);
      const height = document.documentElement.scrollHeight;
      story.setLive(false);
      story.restore(page.items.toReversed());
      setEarlier(page.next_cursor);
      scrollBy(0, document.documentElement.scrollHeight - height);
      story.setLive(true);
    } catch (error) {
      if (!(error instanceof PlayError)) throw error;
      notice.fail(error, { label: 'Try now', act: () => void showEarlier() });
    }
  }

  /** @param {string} [text]  its first line */
  function beginAnew(text) {
    leaving.abort();
    leaving = new AbortController();
    following = Promise.resolve();
    session = null;
    isKnown = false;
    keptSession.write(null);
    outbox.keepOnly(null);
    views.clear();
    story.clear();
    place.clear();
    choices.offer([]);
    notice.clear();
    setEarlier(null);
    offered = [];
    care.end();
    tools.offer({ hasStory: false, hasPlace: false });
    welcome.hidden = false;
    scrollTo(0, 0);
    if (text === undefined) find('begin', HTMLButtonElement).focus();
    else say(text);
  }

  async function start() {
    for (;;) {
      try {
        story.clear();
        await resume();
        notice.clear();
        break;
      } catch (error) {
        if (!(error instanceof PlayError)) throw error;
        if (error.status === 401 && (await askKey())) continue;
        if (story.isEmpty && care.restore()) welcome.hidden = true;
        if (error.status === 404) {
          notice.say(wordsFor(new PlayError(404, 'SESSION_NOT_FOUND')), {
            label: 'New story',
            act: () => beginAnew(),
          });
          break;
        }
        await new Promise((resolve) => {
          notice.fail(error, { label: 'Try now', act: () => resolve(undefined) });
          if (error.isPassing) setTimeout(resolve, error.retryAfterMs ?? 3000);
        });
      }
    }
    // Only from now on sentences are news.
    requestAnimationFrame(() => story.setLive(true));
  }

  return {
    start,
    say,
    beginAnew: () => beginAnew(),
    showEarlier,
    hurry() {
      outbox.hurry();
    },
    noteOffline() {
      notice.fail(new PlayError(0, 'NO_ANSWER'), tryAgain);
    },
  };
}
