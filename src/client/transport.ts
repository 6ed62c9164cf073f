import { errorOf, FleetClientError } from './error.ts';

export interface FleetClientOptions {
  /** For example `http://127.0.0.1:8503`. */
  readonly baseUrl: string;
  /** `ao_<id>_<secret>`. */
  readonly apiKey?: string;
  /** Default: the global fetch. */
  readonly fetch?: typeof globalThis.fetch;
  /** Repeats of a call that was answered 503 or not at all. Default 3. */
  readonly maxRetries?: number;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly idempotencyKey?: string;
  /** Statuses beside 2xx that are an answer and no failure. */
  readonly okStatuses?: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/** Sends one call and returns the first answer that is not worth repeating. */
export type Transport = (call: Call) => Promise<Response>;

const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;

/**
 * Every POST carries an Idempotency-Key, one of its own when none is given, and the other changes come to the same
 * when they are made twice, so every call may be repeated: a 503
 * after the time its Retry-After names, a lost connection with growing delays.
 *
 * Errors: FleetClientError
 */
export function createTransport(options: FleetClientOptions): Transport {
  const send = options.fetch ?? globalThis.fetch;
  const maxRetries = options.maxRetries ?? 3;
  return async (call) => {
    const request = toRequest(options, call);
    for (let attempt = 0; ; attempt++) {
      const answer = await send(request.url, request.init).catch((error: unknown) => {
        call.signal?.throwIfAborted();
        return new FleetClientError(0, 'NO_ANSWER', `no answer from ${request.url.origin}`, undefined, error);
      });
      const isFailure = answer instanceof FleetClientError;
      if (!isFailure && (answer.ok || call.okStatuses?.includes(answer.status))) return answer;
      const isWorthRepeating = isFailure || answer.status === 503;
      if (!isWorthRepeating || attempt >= maxRetries) throw isFailure ? answer : await errorOf(answer);
      const delayMs = isFailure ? FIRST_DELAY_MS * 2 ** attempt : retryAfterMs(answer, attempt);
      if (!isFailure) await answer.body?.cancel();
      await wait(delayMs, call.signal);
    }
  };
}

/** Resolves after `delayMs`; rejects with the signal's reason as soon as it aborts. */
export async function wait(delayMs: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function toRequest(options: FleetClientOptions, call: Call): { url: URL; init: RequestInit } {
  const url = new URL(options.baseUrl.replace(/\/+$/, '') + call.path);
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const headers: Record<string, string> = { accept: call.accept ?? 'application/json', ...call.headers };
  if (options.apiKey !== undefined) headers['authorization'] = `Bearer ${options.apiKey}`;
  if (call.method !== 'GET') headers['idempotency-key'] = call.idempotencyKey ?? crypto.randomUUID();
  if (call.body !== undefined) headers['content-type'] = 'application/json';
  return {
    url,
    init: {
      method: call.method,
      headers,
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      ...(call.signal && { signal: call.signal }),
    },
  };
}

function retryAfterMs(answer: Response, attempt: number): number {
  const seconds = Number(answer.headers.get('retry-after') ?? Number.NaN);
  const delayMs = Number.isFinite(seconds) ? seconds * 1000 : FIRST_DELAY_MS * 2 ** attempt;
  return Math.min(MAX_DELAY_MS, delayMs);
}
