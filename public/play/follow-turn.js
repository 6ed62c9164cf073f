import { PlayError, pause } from './api.js';
import { afterEvent, newPath } from './path.js';

const LOOK_AGAIN_MS = 1000;

/**
 * One turn from its acceptance to its end: its path, its text as it grows, and what came of it.
 *
 * @param {import('./api.js').Api} api
 * @param {string} runId
 * @param {object} told
 * @param {AbortSignal} told.signal
 * @param {(path: import('./path.js').Path) => void} told.onPath
 * @param {(text: string) => void} told.onText  what is written so far
 * @param {(failure: PlayError | null) => void} told.onTrouble
 * @returns {Promise<import('./api.js').TurnAnswer>}
 * Errors: PlayError, with TURN_FAILED when the run ended otherwise
 */
export async function followTurn(api, runId, { signal, onPath, onText, onTrouble }) {
  const over = new AbortController();
  const reading = AbortSignal.any([signal, over.signal]);
  const options = {
    signal: reading,
    onLost: onTrouble,
    onBack: () => onTrouble(null),
  };
  // Pieces of the text are a courtesy: the answer has all of it, so losing them is no failure.
  const pieces = readPieces(api, runId, reading, onText).catch(() => undefined);
  let path = newPath();
  onPath(path);
  try {
    for await (const event of api.follow(runId, 'events', options)) {
      path = afterEvent(path, event);
      onPath(path);
      if (path.outcome !== 'open') break;
    }
    return await resultOf(api, runId, signal, onTrouble);
  } finally {
    over.abort();
    await pieces;
  }
}

/**
 * @param {import('./api.js').Api} api
 * @param {string} runId
 * @param {AbortSignal} signal
 * @param {(text: string) => void} onText
 */
async function readPieces(api, runId, signal, onText) {
  let step;
  let text = '';
  for await (const piece of api.follow(runId, 'tokens', { signal })) {
    if (piece.reset === true || piece.step !== step) text = '';
    step = piece.step;
    text += piece.text;
    onText(text);
  }
}

/**
 * @param {import('./api.js').Api} api
 * @param {string} runId
 * @param {AbortSignal} signal
 * @param {(failure: PlayError | null) => void} onTrouble
 */
async function resultOf(api, runId, signal, onTrouble) {
  for (let failures = 0; ;) {
    try {
      const answer = await api.result(runId, signal);
      if (failures > 0) onTrouble(null);
      failures = 0;
      if (answer !== undefined) return answer;
      await pause(LOOK_AGAIN_MS, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PlayError)) throw error;
      if (error.status === 409) throw new PlayError(409, 'TURN_FAILED');
      if (!error.isPassing) throw error;
      failures += 1;
      onTrouble(error);
      await pause(error.retryAfterMs ?? LOOK_AGAIN_MS, signal);
    }
    signal.throwIfAborted();
  }
}
