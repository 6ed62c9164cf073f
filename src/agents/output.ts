import type { ZodType } from 'zod';
import { FleetError } from '../kernel/errors.ts';

export const MAX_RESULT_BYTES = 256 * 1024;

/**
 * A step's output, checked before anybody else sees it.
 * Errors: output_invalid (internal, retried: generated output is often mended by another try),
 * result_too_large (never retried)
 */
export function encodeOutput(schema: ZodType, name: string, output: unknown): unknown {
  const parsed = schema.safeParse(output);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new FleetError({
      code: 'output_invalid',
      kind: 'internal',
      message: `output of ${name}: ${issue?.path.join('.')}: ${issue?.message}`,
    });
  }
  const bytes = Buffer.byteLength(JSON.stringify(parsed.data));
  if (bytes <= MAX_RESULT_BYTES) return parsed.data;
  throw new FleetError({
    code: 'result_too_large',
    kind: 'internal',
    retryable: false,
    message: `output of ${name} takes ${bytes} bytes; at most ${MAX_RESULT_BYTES} are stored`,
  });
}
