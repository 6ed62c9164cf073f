import { readFrames } from './event-stream.js';

const CALL_LIMIT_MS = 15_000;
/** The fleet writes a comment every 15 s. */
const SILENCE_LIMIT_MS = 40_000;
const REOPEN_MS = [250, 1000, 2000, 4000, 8000];

/** A refusal of the fleet, or no answer at all (`status` 0). */
export class PlayError extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {number} [retryAfterMs]
   */
  constructor(status, code, retryAfterMs) {
    super(`${status} ${code}`);
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the same request may succeed later, as it is. */
  get isPassing() {
    return [0, 408, 429, 500, 502, 503, 504].includes(this.status) || this.code === 'IDEMPOTENCY_IN_FLIGHT';
  }
}

/**
 * The part of the fleet's API that a player needs.
 *
 * @param {{ base: URL, key: () => string | null, fetch?: typeof globalThis.fetch }} options
 */
export function createApi({ base, key, fetch = (...given) => globalThis.fetch(...given) }) {
  /**
   * @param {string} method
   * @param {string} path
   * @param {{ body?: unknown, headers?: Record<string, string>, signal?: AbortSignal, limitMs?: number }} [options]
   * @returns {Promise<Response>}
   */
  async function call(method, path, { body, headers = {}, signal, limitMs = CALL_LIMIT_MS } = {}) {
    const secret = key();
    const limit = AbortSignal.timeout(limitMs);
    let response;
    try {
      response = await fetch(new URL(path, base), {
        method,
        cache: 'no-store',
        credentials: 'same-origin',
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
        headers: {
          accept: 'application/json',
          ...(secret !== null && { 'x-api-key': secret }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch {
      signal?.throwIfAborted();
      throw new PlayError(0, limit.aborted ? 'TOO_SLOW' : 'NO_ANSWER');
    }
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    const seconds = Number(response.headers.get('retry-after') ?? problem.retry_after_s ?? Number.NaN);
    throw new PlayError(
      response.status,
      typeof problem.code === 'string' ? problem.code : 'UNEXPECTED_ANSWER',
      Number.isFinite(seconds) ? seconds * 1000 : undefined,
    );
  }

  /** @param {Response} response @returns {Promise<any>} */
  const json = async (response) => {
    try {
      return await response.json();
    } catch {
      throw new PlayError(0, 'NO_ANSWER');
    }
  };

  return {
    /** Whether this caller may play at all. Errors: 401, 403 */
    async knock() {
      await call('GET', 'v1/runs?limit=1');
    },

    /** @param {string} session */
    getSession: async (session) => json(await call('GET', `v1/sessions/${encodeURIComponent(session)}`)),

    /**
     * @param {string} session
     * @param {{ text: string, key: string, creates: boolean }} line  `key`: a line sent twice is played once
     * @returns {Promise<Taken | TurnAnswer>}  an answer: the line itself was answered, and no turn follows
     */
    submitTurn: async (session, line) =>
      json(
        await call('POST', `v1/sessions/${encodeURIComponent(session)}/turns`, {
          body: { text: line.text, wait_ms: 0, ...(line.creates && { create_session: true }) },
          headers: { 'idempotency-key': line.key },
        }),
      ),

    /**
     * Newest first.
     *
     * @param {string} session
     * @param {string | null} [cursor]
     * @returns {Promise<{ items: TurnRecord[], next_cursor: string | null }>}
     */
    async listTurns(session, cursor = null) {
      const from = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      return json(await call('GET', `v1/sessions/${encodeURIComponent(session)}/turns?limit=20${from}`));
    },

    /**
     * What came of a run, or nothing while it goes on. A turn that failed for good may still have a kind word.
     *
     * @param {string} runId
     * @param {AbortSignal} [signal]
     * @returns {Promise<TurnAnswer | undefined>}
     */
    async result(runId, signal) {
      const options = signal === undefined ? {} : { signal };
      const run = `v1/runs/${encodeURIComponent(runId)}`;
      try {
        const response = await call('GET', `${run}/result`, options);
        return response.status === 202 ? undefined : (await json(response)).output;
      } catch (error) {
        if (!(error instanceof PlayError) || error.code !== 'RUN_NOT_COMPLETED') throw error;
        const { output } = await json(await call('GET', run, options));
        if (typeof output?.response_text !== 'string') throw error;
        return output;
      }
    },

    /**
     * Events or tokens of a run until it ends. A connection that breaks or falls silent is made again after the last
     * entry, for as long as `signal` allows, so nothing is lost and nothing comes twice.
     *
     * @param {string} runId
     * @param {'events' | 'tokens'} part
     * @param {{ signal: AbortSignal, onLost?: (error: PlayError) => void, onBack?: () => void }} options
     * @returns {AsyncGenerator<any>}
     */
    async *follow(runId, part, { signal, onLost, onBack }) {
      /** @type {string | undefined} */
      let last;
      let failures = 0;
      for (;;) {
        const silence = new AbortController();
        let timer = setTimeout(() => silence.abort(), SILENCE_LIMIT_MS);
        const heard = () => {
          clearTimeout(timer);
          timer = setTimeout(() => silence.abort(), SILENCE_LIMIT_MS);
        };
        try {
          const response = await call('GET', `v1/runs/${encodeURIComponent(runId)}/${part}`, {
            headers: { accept: 'text/event-stream', ...(last !== undefined && { 'last-event-id': last }) },
            signal: AbortSignal.any([signal, silence.signal]),
            limitMs: 2 ** 31 - 1,
          });
          if (response.status === 204 || response.body === null) return;
          if (failures > 0) onBack?.();
          failures = 0;
          for await (const frame of readFrames(response.body, heard)) {
            if (frame.event === 'end') return;
            last = frame.id ?? last;
            yield JSON.parse(frame.data);
          }
          // A server that stops ends its streams early; asking again after the last entry tells which it was.
          await pause(REOPEN_MS[0], signal);
        } catch (error) {
          signal.throwIfAborted();
          const failure = error instanceof PlayError ? error : new PlayError(0, 'NO_ANSWER');
          if (!failure.isPassing) throw failure;
          onLost?.(failure);
          await pause(failure.retryAfterMs ?? REOPEN_MS[Math.min(failures, REOPEN_MS.length - 1)], signal);
          failures += 1;
        } finally {
          clearTimeout(timer);
        }
      }
    },
  };
}

/**
 * @param {number | undefined} ms
 * @param {AbortSignal} signal  its end ends the pause; the caller looks at it
 * @returns {Promise<void>}
 */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

/** @typedef {ReturnType<typeof createApi>} Api */
/** @typedef {{ run_id: string, queued_behind: number }} Taken */
/** @typedef {{ turn: number, run_id: string, text: string, response_text: string }} TurnRecord */
/** @typedef {{ text: string, intent: string }} Choice */
/** @typedef {{ id: string, name: string }} Thing */
/**
 * The part of a turn's answer that the page shows.
 *
 * @typedef {object} TurnAnswer
 * @property {string} response_text
 * @property {string} [status]  `crisis_response` or `blocked`: no story
 * @property {unknown} [crisis_response]
 * @property {{ turn: number | null, world_state: WorldView | null }} updated_context
 * @property {{ run_id: string | null, workflow_name: string, degraded: boolean, degraded_reasons: string[],
 *   steps: { name: string, agent: string, status: string, attempts: number, duration_ms: number | null,
 *   source?: string }[] }} workflow_metadata
 * @property {{ total_ms: number }} performance_metrics
 * @property {{ level: string }} therapeutic_validation
 * @property {Choice[]} next_actions
 */
/**
 * @typedef {object} WorldView
 * @property {{ name: string, theme: string, mood: string,
 *   exits: { direction: string, to_name: string, to_id: string }[] }} location
 * @property {Thing[]} objects
 * @property {(Thing & { mood: string })[]} npcs
 * @property {Thing[]} inventory
 */
