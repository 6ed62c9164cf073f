import type { Request } from 'express';
import { validationFailed } from './validate.ts';

const PRINTABLE = /^[\x20-\x7e]{1,255}$/;

/**
 * The Idempotency-Key of a changing request.
 * Errors: validation_failed for a header that is not 1 to 255 printable characters.
 */
export function idempotencyKeyOf(req: Request): string | undefined {
  const header = req.get('idempotency-key');
  if (header === undefined || PRINTABLE.test(header)) return header;
  const message = 'expected 1 to 255 printable ASCII characters';
  throw validationFailed('header', [{ path: '/Idempotency-Key', message, code: 'invalid_format' }]);
}
