import type { z } from 'zod';
import { DirectJobData, StepJobData } from '../contracts/job.ts';
import { FleetError, type FieldProblem } from '../kernel/errors.ts';

export type DecodedJob =
  | { readonly kind: 'step'; readonly data: StepJobData }
  | { readonly kind: 'direct'; readonly data: DirectJobData };

/**
 * Job data as the contract says, or a precise refusal: anybody may put a job on an agent queue.
 * Errors: validation_failed (invalid_input), naming the field
 */
export function decodeJob(data: unknown): DecodedJob {
  const isStep = typeof data === 'object' && data !== null && 'step' in data;
  if (isStep) return { kind: 'step', data: parseOrRefuse(StepJobData, data, 'job data') };
  return { kind: 'direct', data: parseOrRefuse(DirectJobData, data, 'job data') };
}

/** Errors: `code` (invalid_input) with every problem; the message names the first field. */
export function parseOrRefuse<S extends z.ZodType>(
  schema: S,
  value: unknown,
  what: string,
  code = 'validation_failed',
): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems: FieldProblem[] = parsed.error.issues.map((issue) => ({
    path: issue.path.map(String).join('.'),
    message: issue.message,
    code: issue.code ?? 'custom',
  }));
  const shown = problems.slice(0, 3).map((p) => (p.path === '' ? p.message : `${p.path}: ${p.message}`));
  const more = problems.length > shown.length ? ` (and ${problems.length - shown.length} more)` : '';
  throw new FleetError({
    code,
    kind: 'invalid_input',
    message: `${what}: ${shown.join('; ')}${more}`,
    problems,
  });
}
