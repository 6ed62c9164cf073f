import { FleetError } from '../../kernel/errors.ts';

/**
 * POST a JSON document to somebody else's service. Redirects are not followed: a page goes where it was configured to go.
 *
 * Errors: channel_refused (unavailable), channel_rejected (invalid_input), naming the host and the status, never the address, which may hold a secret
 */
export async function postJson(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  const host = hostOf(url);
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'tta-agent-fleet', ...headers },
      body,
      redirect: 'manual',
      signal,
    });
    await response.body?.cancel();
  } catch (cause) {
    signal.throwIfAborted();
    throw refused(`${host} cannot be reached: ${reasonOf(cause)}`);
  }
  if (response.status >= 200 && response.status < 300) return response;
  const isPermanent = response.status >= 300 && response.status < 500 && !PASSING.includes(response.status);
  throw (isPermanent ? rejected : refused)(`${host} answered ${response.status}`);
}

/** Statuses of the client's side that pass by themselves, or that the whole address is to blame for. */
const PASSING = [401, 403, 404, 408, 410, 425, 429];

export function hostOf(url: string): string {
  return new URL(url).host;
}

export function refused(message: string): FleetError {
  return new FleetError({ code: 'channel_refused', kind: 'unavailable', message });
}

/** It answered, and will not take this one: that says nothing about the channel, whose circuit does not count it. */
export function rejected(message: string): FleetError {
  return new FleetError({ code: 'channel_rejected', kind: 'invalid_input', retryable: true, message });
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.name : 'unknown';
}
