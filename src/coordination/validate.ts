import type { z } from 'zod';
import { CoordinationValidationError, type ValidationIssue } from './errors.ts';

/**
 * The parsed value. `at` is put before every path of a complaint (`message.priority`).
 * Errors: validation (invalid_input), with every problem and no value.
 */
export function parseInput<T>(schema: z.ZodType<T>, value: unknown, at = ''): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new CoordinationValidationError(issuesOf(result.error, at));
}

export function issuesOf(error: z.ZodError, at = ''): ValidationIssue[] {
  return error.issues.map(({ path, message }) => {
    const full = at === '' ? path : [at, ...path];
    return { path: full.map(String).join('.'), message };
  });
}
