/**
 * What may go wrong, in few kinds. The kind decides what happens next in HTTP, in a job and in the CLI;
 * all three read this one table.
 */
export const ERROR_KINDS = [
  'invalid_input',
  'unauthenticated',
  'forbidden',
  'not_found',
  'conflict',
  'overloaded',
  'unavailable',
  'timeout',
  'cancelled',
  'internal',
] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

/** What a job does after an error of a kind: give up, try again, or wait without spending an attempt. */
export type JobReaction = 'give_up' | 'retry' | 'wait';

export interface KindReaction {
  readonly httpStatus: number;
  readonly job: JobReaction;
  readonly exitCode: number;
}

export const KIND_REACTIONS: Readonly<Record<ErrorKind, KindReaction>> = {
  invalid_input: { httpStatus: 400, job: 'give_up', exitCode: 2 },
  unauthenticated: { httpStatus: 401, job: 'give_up', exitCode: 4 },
  forbidden: { httpStatus: 403, job: 'give_up', exitCode: 4 },
  not_found: { httpStatus: 404, job: 'give_up', exitCode: 3 },
  conflict: { httpStatus: 409, job: 'retry', exitCode: 1 },
  overloaded: { httpStatus: 429, job: 'wait', exitCode: 69 },
  unavailable: { httpStatus: 503, job: 'wait', exitCode: 69 },
  timeout: { httpStatus: 504, job: 'retry', exitCode: 5 },
  cancelled: { httpStatus: 409, job: 'give_up', exitCode: 1 },
  internal: { httpStatus: 500, job: 'retry', exitCode: 1 },
};
