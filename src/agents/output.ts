import type { ZodType } from 'zod';
import { FleetError } from '../kernel/errors.ts';

/**
 * A step's output, checked before anybody else sees it.
 * Errors: output_invalid (internal, retried: generated output is often mended by another try)
 */
export function encodeOutput(schema: ZodType, name: string, output: unknown): unknown {
  const parsed = schema.safeParse(output);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new FleetError({
    code: 'output_invalid',
    kind: 'internal',
    message: `output of ${name}: ${issue?.path.join('.')}: ${issue?.message}`,
  });
}
