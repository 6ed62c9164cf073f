import type { SubmitOptions, Submitted } from '../contracts/operations.ts';
import { MAX_WAIT_MS } from '../contracts/turn.ts';
import type { Reply, RouteRequest } from './route.ts';

const PREFER_WAIT = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?=$|[,;])/i;

export interface Submission {
  readonly waitMs: number;
  readonly options: SubmitOptions;
  reply(submitted: Submitted): Reply;
}

/**
 * What turns and runs have in common: how long to wait (the body's `wait_ms`, else `Prefer: wait=<seconds>`, else
 * the default), what travels with the work, and the two forms of the answer.
 *
 * Source: RFC 7240 for Prefer
 */
export function submissionOf(request: RouteRequest<unknown, unknown, { wait_ms: number }>): Submission {
  const { req, rawBody, body, requestId, traceparent, requestKey, runId, signal } = request;
  const isExplicit = typeof rawBody === 'object' && rawBody !== null && 'wait_ms' in rawBody;
  const preferred = isExplicit ? undefined : PREFER_WAIT.exec(req.get('prefer') ?? '')?.[1];
  const headers: Record<string, string> =
    preferred === undefined ? {} : { 'Preference-Applied': `wait=${Number(preferred)}` };
  return {
    waitMs: preferred === undefined ? body.wait_ms : Math.min(MAX_WAIT_MS, Number(preferred) * 1000),
    options: {
      requestId,
      signal,
      ...(traceparent !== undefined && { traceparent }),
      ...(runId !== undefined && { runId }),
      ...(requestKey !== undefined && { requestKey }),
    },
    reply: (submitted) => {
      if (submitted.isRepeat) headers['Idempotency-Replayed'] = 'true';
      return submitted.done
        ? { status: 200, body: submitted.response, headers }
        : {
            status: 202,
            body: submitted.accepted,
            headers: { ...headers, Location: submitted.accepted.location },
          };
    },
  };
}
