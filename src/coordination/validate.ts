import type { z } from 'zod';
import { CoordinationValidationError, type ValidationIssue } from './errors.ts';
import type { ConnectionInput } from './ports.ts';

/**
 * The parsed value. `at` is put before every path of a complaint (`message.priority`).
 * Errors: validation (invalid_input), with every problem and no value.
 */
export function parseInput<T>(schema: z.ZodType<T>, value: unknown, at = ''): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new CoordinationValidationError(issuesOf(result.error, at));
}

/**
 * Everything that any of these checks finds wrong, at once.
 * Errors: validation (invalid_input)
 */
export function checkAll(...checks: readonly (() => unknown)[]): void {
  const issues: ValidationIssue[] = [];
  for (const check of checks) {
    try {
      check();
    } catch (error) {
      if (!(error instanceof CoordinationValidationError)) throw error;
      issues.push(...error.issues);
    }
  }
  if (issues.length > 0) throw new CoordinationValidationError(issues);
}

/**
 * BullMQ takes no client whose keys get a prefix behind its back; `keyPrefix` is there for that.
 * Errors: validation (invalid_input)
 */
export function checkConnection(connection: ConnectionInput): void {
  if (typeof connection !== 'object' || !('duplicate' in connection) || !connection.options.keyPrefix) return;
  throw new CoordinationValidationError([
    { path: 'connection', message: 'has a keyPrefix of its own; name it as the option keyPrefix instead' },
  ]);
}

export function issuesOf(error: z.ZodError, at = ''): ValidationIssue[] {
  return error.issues.map(({ path, message }) => {
    const full = at === '' ? path : [at, ...path];
    return { path: full.map(String).join('.'), message };
  });
}
