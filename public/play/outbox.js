import { PlayError, pause } from './api.js';
import { keptOutbox, randomId } from './kept.js';

const AGAIN_MS = [500, 1000, 2000, 4000, 8000, 15_000];
/** A defect of the fleet that repeats itself is not waited out for ever. */
const DEFECTS = 5;

/**
 * A line that was written and is not told yet. `key` makes sending it twice harmless; `runId` says it has arrived.
 *
 * @typedef {{ key: string, session: string, text: string, creates: boolean, runId: string | null }} Line
 */

/**
 * Lines on their way to the fleet, in the order they were written. They outlive a reload, an outage and a full queue:
 * each is sent again, with its own key, until the fleet has taken or refused it.
 *
 * @param {object} parts
 * @param {import('./api.js').Api} parts.api
 * @param {(line: Line, queuedBehind: number) => void} parts.onAccepted
 * @param {(line: Line, answer: import('./api.js').TurnAnswer) => void} parts.onAnswered  no turn follows
 * @param {(line: Line, failure: PlayError) => void} parts.onRefused
 * @param {(failure: PlayError | null) => void} parts.onTrouble  null: it is over
 * @param {() => Promise<boolean>} parts.askKey
 */
export function createOutbox({ api, onAccepted, onAnswered, onRefused, onTrouble, askKey }) {
  let lines = stored();
  let isSending = false;
  let waiting = new AbortController();

  function store() {
    keptOutbox.write(lines.length === 0 ? null : JSON.stringify(lines));
  }

  async function send() {
    if (isSending) return;
    isSending = true;
    let failures = 0;
    for (let line = next(); line !== undefined; line = next()) {
      try {
        const taken = await api.submitTurn(line.session, line);
        if (failures > 0) onTrouble(null);
        failures = 0;
        const runId = 'response_text' in taken ? taken.workflow_metadata.run_id : taken.run_id;
        if (runId === null) {
          forget(line);
          if ('response_text' in taken) onAnswered(line, taken);
          continue;
        }
        line.runId = runId;
        store();
        onAccepted(line, 'response_text' in taken ? 0 : taken.queued_behind);
      } catch (error) {
        const failure = error instanceof PlayError ? error : new PlayError(0, 'NO_ANSWER');
        failures += 1;
        if (failure.status === 401 && (await askKey())) continue;
        const isHopeless = failure.status === 500 && failures >= DEFECTS;
        if (failure.isPassing && !isHopeless) {
          onTrouble(failure);
          waiting = new AbortController();
          await pause(
            failure.retryAfterMs ?? AGAIN_MS[Math.min(failures, AGAIN_MS.length) - 1],
            waiting.signal,
          );
          continue;
        }
        if (failures > 1) onTrouble(null);
        failures = 0;
        forget(line);
        onRefused(line, failure);
      }
    }
    isSending = false;
  }

  const next = () => lines.find(({ runId }) => runId === null);

  /** @param {Line} line */
  function forget(line) {
    lines = lines.filter((other) => other !== line);
    store();
  }

  return {
    get isEmpty() {
      return lines.length === 0;
    },
    /** @param {string} session @param {string} text @param {boolean} creates */
    add(session, text, creates) {
      /** @type {Line} */
      const line = { key: `play-${randomId()}`, session, text, creates, runId: null };
      lines.push(line);
      store();
      void send();
      return line;
    },
    /** The lines of a session that are not told yet; those of others are let go. @param {string | null} session */
    keepOnly(session) {
      lines = lines.filter((line) => line.session === session);
      store();
      return lines;
    },
    /** @param {Line} line */
    forget,
    /** Try again now. */
    hurry() {
      waiting.abort();
      void send();
    },
  };
}

/** @returns {Line[]} */
function stored() {
  try {
    const lines = JSON.parse(keptOutbox.read() ?? '[]');
    return Array.isArray(lines) ? lines.filter((line) => typeof line?.text === 'string') : [];
  } catch {
    return [];
  }
}
