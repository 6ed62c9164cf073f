import type { Request } from 'express';
import { validationFailed } from './validate.ts';

const PRINTABLE = /^[\x20-\x7e]{1,255}$/;

export interface IdempotencyKey {
  readonly kind: 'header' | 'dedup_id';
  readonly value: string;
}

/**
 * The key of a changing request: its Idempotency-Key, else the `dedup_id` of its body.
 * Errors: validation_failed for a header that is not 1 to 255 printable characters.
 */
export function idempotencyKeyOf(req: Request, body: unknown): IdempotencyKey | undefined {
  const header = req.get('idempotency-key');
  if (header !== undefined) {
    if (PRINTABLE.test(header)) return { kind: 'header', value: header };
    const message = 'expected 1 to 255 printable ASCII characters';
    throw validationFailed('header', [{ path: '/Idempotency-Key', message, code: 'invalid_format' }]);
  }
  const hasDedupId = typeof body === 'object' && body !== null && 'dedup_id' in body;
  return hasDedupId && typeof body.dedup_id === 'string'
    ? { kind: 'dedup_id', value: body.dedup_id }
    : undefined;
}
