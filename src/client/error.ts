import type { Problem } from '../contracts/problem.ts';

/** A refusal or failure of the fleet, or no answer at all (`status` 0). */
export class FleetClientError extends Error {
  readonly status: number;
  /** UPPER_SNAKE; `NO_ANSWER` when nothing was reached, `UNEXPECTED_ANSWER` when it is not a problem document. */
  readonly code: string;
  readonly problem: Problem | undefined;

  constructor(status: number, code: string, message: string, problem?: Problem, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'FleetClientError';
    this.status = status;
    this.code = code;
    this.problem = problem;
  }
}

export async function errorOf(response: Response): Promise<FleetClientError> {
  const body: unknown = await response.json().catch(() => undefined);
  if (!isProblem(body)) {
    const message = `unexpected answer with status ${response.status}`;
    return new FleetClientError(response.status, 'UNEXPECTED_ANSWER', message);
  }
  return new FleetClientError(response.status, body.code, body.detail, body);
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'detail' in body && 'status' in body;
}
