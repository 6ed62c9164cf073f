import { KIND_REACTIONS, type ErrorKind } from './error-kinds.ts';

/** One problem of an input: where it is (JSON pointer), what is wrong, and the validator's code. */
export interface FieldProblem {
  readonly path: string;
  readonly message: string;
  readonly code: string;
}

export interface FleetErrorInit {
  /** Lower case, stable, documented in docs/errors.md. HTTP shows it in UPPER_SNAKE. */
  readonly code: string;
  readonly kind: ErrorKind;
  /** Names the thing, the bad value and what would be accepted. */
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly problems?: readonly FieldProblem[];
  /** Overrides the kind's answer, for example an internal error that must never be repeated. */
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
  /** HTTP status where the kind's default is too coarse (422 instead of 400, 413, 415 …). */
  readonly httpStatus?: number;
  readonly cause?: unknown;
}

/**
 * The one error class of the product. `kind` decides the reaction, `code` says what happened.
 * Recognise it with {@link isFleetError}: two copies of the package may meet in one process.
 */
export class FleetError extends Error {
  readonly isFleetError = true;
  readonly code: string;
  readonly kind: ErrorKind;
  readonly retryable: boolean;
  readonly httpStatus: number;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly problems: readonly FieldProblem[] | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(init: FleetErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = 'FleetError';
    this.code = init.code;
    this.kind = init.kind;
    this.retryable = init.retryable ?? KIND_REACTIONS[init.kind].job !== 'give_up';
    this.httpStatus = init.httpStatus ?? KIND_REACTIONS[init.kind].httpStatus;
    this.details = init.details;
    this.problems = init.problems;
    this.retryAfterMs = init.retryAfterMs;
  }
}

export function isFleetError(value: unknown): value is FleetError {
  return value instanceof Error && 'isFleetError' in value && value.isFleetError === true;
}

/**
 * Any thrown value as a FleetError: kept when it is one, else wrapped once with its cause. An error of another
 * library that says `retryable: false` is believed.
 */
export function toFleetError(value: unknown, fallbackCode = 'internal'): FleetError {
  if (isFleetError(value)) return value;
  const message = value instanceof Error ? value.message : String(value);
  const isFinal = value instanceof Error && 'retryable' in value && value.retryable === false;
  return new FleetError({
    code: fallbackCode,
    kind: 'internal',
    message,
    cause: value,
    ...(isFinal ? { retryable: false } : {}),
  });
}

/** Never reached when a switch covers its union; the compiler proves it. */
export function assertNever(value: never, what: string): never {
  throw new FleetError({
    code: 'internal',
    kind: 'internal',
    message: `unexpected ${what}: ${JSON.stringify(value)}`,
  });
}
