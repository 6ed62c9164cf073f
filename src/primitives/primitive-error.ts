import { FleetError } from '../kernel/errors.ts';
import type { ErrorKind } from '../kernel/error-kinds.ts';
import type { StepRecord } from './in-process/leaf-call.ts';
import type { StoredError } from './plan/node.ts';

const KIND_BY_CODE: Readonly<Record<string, ErrorKind>> = {
  input_invalid: 'invalid_input',
  definition_error: 'invalid_input',
  map_too_large: 'invalid_input',
  not_serializable: 'invalid_input',
  no_case: 'invalid_input',
  route_not_found: 'invalid_input',
  step_timeout: 'timeout',
  deadline_exceeded: 'timeout',
  cancelled: 'cancelled',
  circuit_open: 'unavailable',
  budget_exceeded: 'overloaded',
};

/** The failure of a plan: the code of what failed first, where, and what had been called until then. */
export class PrimitiveError extends FleetError {
  readonly path: string;
  readonly trace: readonly StepRecord[];

  constructor(error: StoredError, trace: readonly StepRecord[] = []) {
    super({
      code: error.code,
      kind: KIND_BY_CODE[error.code] ?? 'internal',
      message: error.message,
      retryable: error.retryable,
      ...(error.details === undefined ? {} : { details: error.details }),
    });
    this.name = 'PrimitiveError';
    this.path = error.path;
    this.trace = trace;
  }
}
