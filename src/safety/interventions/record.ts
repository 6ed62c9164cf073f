import { Intervention } from '../../contracts/intervention.ts';
import { FleetError } from '../../kernel/errors.ts';

/** The fields of the hash, in the order in which scripts are given them. Those beside `data` serve lists and deletion. */
export function fieldsOf(record: Intervention): string[] {
  return [
    'version',
    String(record.version),
    'data',
    JSON.stringify(record),
    'session_id',
    record.session_id,
    'user_hash',
    record.user_hash,
    'state',
    record.state,
    'level',
    record.assessment.crisis_level,
  ];
}

/** Errors: intervention_invalid (internal), which says what is wrong with the record and shows none of it. */
export function parseIntervention(id: string, data: string | null | undefined): Intervention {
  let value: unknown;
  try {
    value = JSON.parse(data ?? '');
  } catch (cause) {
    throw invalid(id, 'its data is not JSON', cause);
  }
  const parsed = Intervention.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(id, `${issue?.path.join('.') || 'its data'}: ${issue?.message ?? 'not readable'}`);
  }
  if (parsed.data.intervention_id !== id) throw invalid(id, 'it names another intervention');
  return parsed.data;
}

/** Null for one that cannot be read, where the reader says so elsewhere. */
export function tryParse(
  id: string,
  data: string | null | undefined,
  onInvalid?: (error: unknown) => void,
): Intervention | null {
  try {
    return parseIntervention(id, data);
  } catch (error) {
    onInvalid?.(error);
    return null;
  }
}

export function interventionNotFound(id: string): FleetError {
  return new FleetError({
    code: 'intervention_not_found',
    kind: 'not_found',
    message: `there is no intervention "${id}" (closed ones are kept for safety.retention_days.intervention)`,
  });
}

function invalid(id: string, why: string, cause?: unknown): FleetError {
  return new FleetError({
    code: 'intervention_invalid',
    kind: 'internal',
    message: `the record of intervention "${id}" cannot be read: ${why}; it stays as it is`,
    retryable: false,
    details: { intervention_id: id },
    ...(cause === undefined ? {} : { cause }),
  });
}
