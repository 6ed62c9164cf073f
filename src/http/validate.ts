import type { z } from 'zod';
import { FleetError, type FieldProblem } from '../kernel/errors.ts';
import { nearest } from '../kernel/suggest.ts';

const MAX_PROBLEMS = 50;

/**
 * Parse one part of a request.
 * Errors: validation_failed (invalid_input) with a JSON pointer for every wrong value and unknown field.
 */
export function parseInput<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const known = knownFields(schema);
  const problems = result.error.issues.flatMap((issue) => fieldProblems(issue, known)).slice(0, MAX_PROBLEMS);
  throw validationFailed(what, problems);
}

export function validationFailed(what: string, problems: readonly FieldProblem[]): FleetError {
  const [first] = problems;
  const where = first === undefined ? '' : `: ${first.path || '/'}: ${first.message}`;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new FleetError({
    code: 'validation_failed',
    kind: 'invalid_input',
    message: `invalid ${what}${where}${more}`,
    problems,
  });
}

function fieldProblems(issue: z.core.$ZodIssue, known: readonly string[]): FieldProblem[] {
  if (issue.code !== 'unrecognized_keys') {
    return [{ path: jsonPointer(issue.path), message: issue.message, code: issue.code }];
  }
  return issue.keys.map((key) => {
    const meant = issue.path.length === 0 ? nearest(key, known) : undefined;
    const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
    return {
      path: jsonPointer([...issue.path, key]),
      message: `unknown field "${key.slice(0, 100)}"${hint}`,
      code: 'unrecognized_keys',
    };
  });
}

/** RFC 6901. */
function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function knownFields(schema: z.ZodType): readonly string[] {
  return 'shape' in schema && typeof schema.shape === 'object' && schema.shape !== null
    ? Object.keys(schema.shape)
    : [];
}
