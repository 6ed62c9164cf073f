/**
 * What went wrong, as a person would say it. Never the fleet's own message: that one is for operators.
 *
 * @param {{ status: number, code: string, retryAfterMs?: number | undefined }} failure
 * @returns {string}
 */
export function wordsFor({ status, code, retryAfterMs }) {
  const soon = retryAfterMs === undefined ? 'in a moment' : `in ${secondsText(retryAfterMs)}`;
  switch (true) {
    case status === 0:
      return !navigator.onLine
        ? 'You are offline. What you write is kept, and sent when you are back.'
        : 'The story cannot be reached right now. What you write is kept; trying again.';
    case code === 'SESSION_BUSY':
      return `Several of your lines are waiting already. The next one goes ${soon}.`;
    case status === 429:
      return `That was a lot at once. Going on ${soon}.`;
    case status === 401:
      return 'This fleet asks for a key.';
    case code === 'SESSION_NOT_FOUND':
      return 'This story is no longer kept: stories rest for a limited time. Your line is still here; begin a new story with it.';
    case status === 403:
      return 'Your key does not open this story.';
    case code === 'TURN_FAILED':
      return 'The story could not go on from here. Your line is kept.';
    case status === 400 || status === 413 || status === 422:
      return 'The story could not read this line. Is it empty, or very long?';
    case status === 404:
      return 'This page of the story is no longer kept.';
    case status === 503:
      return `The storytellers are busy or resting. Trying again ${soon}.`;
    case status >= 500:
      return `Something broke on the side of the story. Trying again ${soon}.`;
    default:
      return 'The story did not accept this line.';
  }
}

/** @param {number} ms */
function secondsText(ms) {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  return seconds === 1 ? 'a second' : `${seconds} seconds`;
}

/** @type {Record<string, string>} */
const REASONS = {
  circuit_open: 'its model is resting after failures',
  provider_error: 'its model failed',
  sla_fallback: 'its model was too slow',
  invalid_output: 'its model answered in the wrong form',
  model_refused: 'its model declined',
  budget_exceeded: 'the budget is spent',
  resource_pressure: 'the machine is short of resources',
  step_skipped: 'a step was left out',
};

/**
 * Why an answer is less than it could be.
 *
 * @param {readonly string[]} reasons  `circuit_open:provider.main` and the like
 */
export function reasonWords(reasons) {
  const known = reasons.map((reason) => REASONS[reason.split(':', 1)[0] ?? ''] ?? reason);
  return [...new Set(known)].join(', ');
}
