/**
 * The way of one turn through the fleet.
 *
 * @typedef {'waiting' | 'working' | 'retrying' | 'done' | 'failed' | 'skipped'} StepState
 * @typedef {{ name: string, agent: string, state: StepState, ms: number | null, attempt: number,
 *   source: string | null }} PathStep
 * @typedef {{ steps: PathStep[], outcome: 'open' | 'settled' | 'failed', totalMs: number | null,
 *   startedAt: number | null }} Path
 */

/** Most turns take this way; steps that others take join as they are heard of. @type {readonly string[]} */
const USUAL = ['ipa', 'wba', 'nga'];

/** @returns {Path} */
export function newPath() {
  return { steps: USUAL.map((name) => newStep(name, name)), outcome: 'open', totalMs: null, startedAt: null };
}

/** @param {string} name @param {string} agent @returns {PathStep} */
function newStep(name, agent) {
  return { name, agent, state: 'waiting', ms: null, attempt: 1, source: null };
}

/**
 * The path after one more event of its run.
 *
 * @param {Path} path
 * @param {{ type: string, at: string, step?: string, agent?: string, data?: Record<string, unknown> }} event
 * @returns {Path}
 */
export function afterEvent(path, event) {
  const at = Date.parse(event.at);
  const startedAt = path.startedAt ?? at;
  if (event.type.startsWith('run.')) {
    if (event.type === 'run.completed') return { ...settled(path, at - startedAt), startedAt };
    const hasFailed = ['run.failed', 'run.timed_out', 'run.cancelled', 'run.rolled_back'].includes(
      event.type,
    );
    return { ...path, startedAt, ...(hasFailed && { outcome: 'failed', totalMs: at - startedAt }) };
  }
  if (event.step === undefined) return { ...path, startedAt };
  const name = event.step;
  const known = path.steps.find((step) => step.name === name) ?? newStep(name, event.agent ?? name);
  const changed = { ...known, ...changeOf(event.type, event.data ?? {}) };
  const isNew = !path.steps.some((step) => step.name === name);
  const steps = isNew
    ? [...path.steps, changed]
    : path.steps.map((step) => (step.name === name ? changed : step));
  return { ...path, startedAt, steps };
}

/** @param {string} type @param {Record<string, unknown>} data @returns {Partial<PathStep>} */
function changeOf(type, data) {
  const attempt = typeof data['attempt'] === 'number' ? data['attempt'] : 1;
  switch (type) {
    case 'step.started':
      return { state: 'working', attempt };
    case 'step.retrying':
      return { state: 'retrying', attempt: attempt + 1 };
    case 'step.completed':
      return {
        state: 'done',
        attempt,
        ms: typeof data['duration_ms'] === 'number' ? data['duration_ms'] : null,
        source: typeof data['source'] === 'string' ? data['source'] : null,
      };
    case 'step.failed':
      return { state: 'failed', attempt };
    case 'step.skipped':
      return { state: 'skipped' };
    default:
      return {};
  }
}

/**
 * Steps that were never begun were not needed.
 *
 * @param {Path} path
 * @param {number} totalMs
 * @returns {Path}
 */
function settled(path, totalMs) {
  return {
    ...path,
    steps: path.steps.filter(({ state }) => state !== 'waiting'),
    outcome: 'settled',
    totalMs,
  };
}

/**
 * The path of a turn that ended before this page looked.
 *
 * @param {import('./api.js').TurnAnswer} answer
 * @returns {Path}
 */
export function pathOfAnswer(answer) {
  const steps = answer.workflow_metadata.steps.map((step) => ({
    name: step.name,
    agent: step.agent,
    state: /** @type {StepState} */ (
      step.status === 'completed' ? 'done' : step.status === 'failed' ? 'failed' : 'skipped'
    ),
    ms: step.duration_ms,
    attempt: step.attempts,
    source: step.source ?? null,
  }));
  return { steps, outcome: 'settled', totalMs: answer.performance_metrics.total_ms, startedAt: null };
}

/** @type {Record<string, string>} */
const WORK = { ipa: 'understands', wba: 'builds the world', nga: 'tells' };
/** @type {Record<StepState, string>} */
const STATE_WORDS = {
  waiting: 'waiting',
  working: 'working',
  retrying: 'trying again',
  done: 'done',
  failed: 'failed',
  skipped: 'left out',
};

/**
 * @param {HTMLElement} list
 * @param {Path} path
 * @param {string} [remark]  why the answer is less than it could be
 */
export function renderPath(list, path, remark) {
  const rows = path.steps.map((step) => {
    const detail = step.state === 'done' ? millis(step.ms) : STATE_WORDS[step.state];
    const again =
      step.attempt > 1
        ? `, ${step.attempt}${step.attempt === 2 ? 'nd' : step.attempt === 3 ? 'rd' : 'th'} try`
        : '';
    const by = step.source === 'llm' ? ', model' : step.source === 'cache' ? ', remembered' : '';
    const title = `${step.agent.toUpperCase()} ${WORK[step.agent] ?? step.name}: ${STATE_WORDS[step.state]}`;
    return row(step.state, step.agent.toUpperCase(), `${detail}${again}${by}`, title);
  });
  const total = path.totalMs === null ? '' : millis(path.totalMs);
  if (path.outcome === 'settled') rows.push(row('done', 'settled', total, `The turn settled in ${total}`));
  else if (path.outcome === 'failed')
    rows.push(row('failed', 'not settled', total, 'The turn did not settle'));
  else rows.push(row('waiting', 'settled', '', 'The turn has not settled yet'));
  if (remark !== undefined && remark !== '') {
    const line = document.createElement('li');
    line.className = 'remark';
    line.textContent = `Told in a simpler way: ${remark}.`;
    rows.push(line);
  }
  list.replaceChildren(...rows);
}

/**
 * @param {StepState} state
 * @param {string} name
 * @param {string} detail
 * @param {string} title
 */
function row(state, name, detail, title) {
  const item = document.createElement('li');
  item.dataset['state'] = state;
  item.title = title;
  const mark = document.createElement('span');
  mark.className = 'mark';
  mark.ariaHidden = 'true';
  const label = document.createElement('span');
  label.className = 'agent';
  label.textContent = name;
  item.append(mark, label);
  if (detail !== '') item.append(` ${detail}`);
  return item;
}

/** @param {number | null} ms */
function millis(ms) {
  if (ms === null) return '';
  return ms < 10_000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}
