import { FleetError, isFleetError } from '../../kernel/errors.ts';

/** A change of this content will never be taken. Everything else may be different tomorrow. */
const REFUSALS: ReadonlySet<string> = new Set([
  'Neo.ClientError.Statement.TypeError',
  'Neo.ClientError.Statement.ArgumentError',
  'Neo.ClientError.Statement.ConstraintVerificationFailed',
  'Neo.ClientError.Schema.ConstraintValidationFailed',
]);

/**
 * What the driver throws, in our words. Messages of the database may repeat values, so only its code is kept.
 * A wrong password is no refusal: it is set right in the configuration, and nothing was lost until then.
 */
export function toGraphError(error: unknown): FleetError {
  if (isFleetError(error)) return error;
  const code = codeOf(error);
  if (REFUSALS.has(code)) {
    return new FleetError({
      code: 'graph_refused',
      kind: 'internal',
      retryable: false,
      message: `Neo4j will not take this change (${code})`,
    });
  }
  return graphUnavailable(code);
}

/** @param reason  a code, never a message of the database */
export function graphUnavailable(reason: string): FleetError {
  return new FleetError({
    code: 'graph_unavailable',
    kind: 'unavailable',
    message: `Neo4j cannot be written (${reason})`,
  });
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : error instanceof Error ? error.name : 'unknown';
}
