import type { Response } from 'express';
import { Problem } from '../contracts/problem.ts';
import { FleetError, isFleetError } from '../kernel/errors.ts';
import { problemTypeOf } from './problem-types.ts';

const DEFAULT_RETRY_AFTER_S = 1;
/** Members of a problem that the details of an error may not replace. */
const OWN_MEMBERS = new Set(['type', 'title', 'status', 'detail', 'instance', 'code', 'retryable', 'errors']);

/**
 * An error as its problem document. Below 500 the message and details are shown; from 500 on nothing but the
 * code, a fixed sentence and the run id, because messages of failures may hold addresses or payload.
 *
 * Source: RFC 9457; spec, operations 2.1
 */
export function toProblem(error: FleetError, requestId: string): Problem & Record<string, unknown> {
  const status = error.httpStatus;
  const type = problemTypeOf(error.code, status);
  const isServerFault = status >= 500;
  const retryAfter = retryAfterSeconds(error);
  return {
    ...extraMembers(error),
    type: `/problems/${type.slug}`,
    title: type.title,
    status,
    detail: isServerFault ? type.explanation : error.message,
    instance: requestId,
    code: error.code.toUpperCase(),
    retryable: error.retryable,
    ...(error.problems && !isServerFault && { errors: [...error.problems] }),
    ...(retryAfter !== undefined && { retry_after_s: retryAfter }),
  };
}

/** Answer with a problem. A response that has begun can only be cut off. */
export function sendProblem(res: Response, error: FleetError, requestId: string): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const problem = toProblem(error, requestId);
  if (problem.retry_after_s !== undefined) res.setHeader('Retry-After', String(problem.retry_after_s));
  if (problem.status === 401 && !res.hasHeader('WWW-Authenticate')) {
    res.setHeader('WWW-Authenticate', 'Bearer');
  }
  res.status(problem.status).type('application/problem+json').send(toJson(problem));
}

/** Details are free-form; one that has no JSON form must not turn a refusal into a crash. */
function toJson(problem: Problem): string {
  try {
    return JSON.stringify(problem);
  } catch {
    return JSON.stringify(Problem.parse(problem));
  }
}

/** Whatever was thrown, as a FleetError: ours as it is, those of express by their meaning, else internal. */
export function toHttpError(thrown: unknown): FleetError {
  if (isFleetError(thrown)) return thrown;
  if (thrown instanceof URIError) {
    return refusal('validation_failed', 400, 'the path is not valid percent-encoding');
  }
  if (thrown instanceof Error && 'type' in thrown && 'status' in thrown) {
    const known = BODY_ERRORS[String(thrown.type)];
    if (known !== undefined) return refusal(known.code, known.status, known.detail);
  }
  if (thrown instanceof Error && 'status' in thrown && thrown.status === 400) {
    return refusal(
      'malformed_json',
      400,
      'the body cannot be read; its Content-Encoding may not be what it says',
    );
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new FleetError({ code: 'internal', kind: 'internal', message, cause: thrown });
}

/** A refusal whose status is not the default one of its kind. */
export function refusal(code: string, httpStatus: number, message: string): FleetError {
  return new FleetError({ code, kind: 'invalid_input', httpStatus, message });
}

const MALFORMED = { code: 'malformed_json', status: 400, detail: 'the body is not valid JSON' };
const UNREADABLE = {
  code: 'unsupported_media_type',
  status: 415,
  detail: 'expected UTF-8 JSON, plain or encoded with gzip, deflate or br',
};
const INCOMPLETE = {
  code: 'validation_failed',
  status: 400,
  detail: 'the body ended before its announced length',
};
const BODY_ERRORS: Readonly<Record<string, { code: string; status: number; detail: string }>> = {
  'entity.parse.failed': MALFORMED,
  'entity.verify.failed': MALFORMED,
  'entity.too.large': {
    code: 'payload_too_large',
    status: 413,
    detail: 'the body is larger than http.body_limit allows',
  },
  'encoding.unsupported': UNREADABLE,
  'charset.unsupported': UNREADABLE,
  'request.aborted': INCOMPLETE,
  'request.size.invalid': INCOMPLETE,
};

function retryAfterSeconds(error: FleetError): number | undefined {
  if (error.retryAfterMs !== undefined) return Math.max(1, Math.ceil(error.retryAfterMs / 1000));
  return error.httpStatus === 429 || error.httpStatus === 503 ? DEFAULT_RETRY_AFTER_S : undefined;
}

function extraMembers(error: FleetError): Record<string, unknown> {
  const details = error.details ?? {};
  if (error.httpStatus >= 500) {
    return typeof details['run_id'] === 'string' ? { run_id: details['run_id'] } : {};
  }
  return Object.fromEntries(Object.entries(details).filter(([name]) => !OWN_MEMBERS.has(name)));
}
