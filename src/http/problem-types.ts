/** One kind of HTTP refusal: the `type` of its problem document, explained at /problems/<slug>. */
export interface ProblemType {
  readonly slug: string;
  readonly status: number;
  readonly title: string;
  readonly explanation: string;
}

const type = (slug: string, status: number, title: string, explanation: string): ProblemType => ({
  slug,
  status,
  title,
  explanation,
});

const TYPES = [
  type(
    'validation-failed',
    400,
    'Invalid request',
    'A path, query or body value is wrong; `errors` names each one by JSON pointer.',
  ),
  type('malformed-json', 400, 'Malformed JSON', 'The body is not valid JSON.'),
  type(
    'unauthenticated',
    401,
    'Authentication required',
    'No valid credential came with the request. Send `Authorization: Bearer <key>` or `X-API-Key: <key>`.',
  ),
  type(
    'forbidden',
    403,
    'Forbidden',
    'The credential is valid but does not allow this. The detail names the role that does.',
  ),
  type(
    'feature-disabled',
    403,
    'Feature disabled',
    'The configuration of this installation turns the feature off.',
  ),
  type('not-found', 404, 'Not found', 'There is no such resource, or it is not visible to this credential.'),
  type(
    'method-not-allowed',
    405,
    'Method not allowed',
    'The path exists, but not with this method; `Allow` lists the methods that work.',
  ),
  type('not-acceptable', 406, 'Not acceptable', 'None of the media types in `Accept` can be produced here.'),
  type('conflict', 409, 'Conflict', 'The present state of the resource does not allow the change.'),
  type(
    'idempotency-in-flight',
    409,
    'Request in progress',
    'A request with the same Idempotency-Key is still being worked on; ask again after `Retry-After`.',
  ),
  type('gone', 410, 'Gone', 'The resource existed and was removed.'),
  type('precondition-failed', 412, 'Precondition failed', 'A condition of the request does not hold.'),
  type('payload-too-large', 413, 'Payload too large', 'The body, or a part of it, exceeds its size limit.'),
  type('unsupported-media-type', 415, 'Unsupported media type', 'Request bodies are `application/json`.'),
  type(
    'idempotency-mismatch',
    422,
    'Idempotency key reused',
    'The Idempotency-Key was used before with a different request.',
  ),
  type(
    'unprocessable',
    422,
    'Unprocessable',
    'The request is well formed, but what it asks for makes no sense here.',
  ),
  type(
    'rate-limited',
    429,
    'Too many requests',
    'The rate limit of this credential or address is used up; wait for `Retry-After` seconds.',
  ),
  type(
    'too-many-runs',
    429,
    'Too many runs',
    'The fleet has as many open runs as it accepts; try again after `Retry-After` seconds.',
  ),
  type('queue-full', 429, 'Queue full', 'The mailbox is full; try again after `Retry-After` seconds.'),
  type(
    'internal',
    500,
    'Internal error',
    'Something went wrong on the server. The request id in `instance` finds it in the log.',
  ),
  type(
    'backend-unavailable',
    503,
    'Backend unavailable',
    'The store behind the service did not answer; nothing was accepted unless a 2xx said so.',
  ),
  type('overloaded', 503, 'Overloaded', 'The service sheds load; try again after `Retry-After` seconds.'),
  type('circuit-open', 503, 'Circuit open', 'A dependency fails and is not being called for the moment.'),
  type('wait-aborted', 504, 'Wait aborted', 'The request took longer than it may; what it started goes on.'),
] as const;

export const PROBLEM_TYPES: ReadonlyMap<string, ProblemType> = new Map(TYPES.map((t) => [t.slug, t]));

const BY_STATUS: Readonly<Record<number, string>> = {
  400: 'validation-failed',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  406: 'not-acceptable',
  409: 'conflict',
  410: 'gone',
  412: 'precondition-failed',
  413: 'payload-too-large',
  415: 'unsupported-media-type',
  422: 'unprocessable',
  429: 'rate-limited',
  500: 'internal',
  503: 'backend-unavailable',
  504: 'wait-aborted',
};
const BY_CODE: Readonly<Record<string, string>> = { idempotency_key_reused: 'idempotency-mismatch' };

/** The problem type of a code: its own where one is named so, else the general one of its status. */
export function problemTypeOf(code: string, status: number): ProblemType {
  const named = PROBLEM_TYPES.get(BY_CODE[code] ?? code.replaceAll('_', '-'));
  if (named?.status === status) return named;
  return PROBLEM_TYPES.get(BY_STATUS[status] ?? (status < 500 ? 'validation-failed' : 'internal'))!;
}
