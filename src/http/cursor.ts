import { createHmac, timingSafeEqual } from 'node:crypto';
import type { z } from 'zod';
import { FleetError } from '../kernel/errors.ts';

const MAC_BYTES = 16;

/**
 * Opaque page cursors. A cursor is signed together with the route and filter it was made for, so a changed
 * cursor, or one of another list, is refused instead of giving a wrong page.
 */
export class CursorCodec {
  readonly #key: Buffer;

  /** @param key at least 32 bytes, the same in all processes of a fleet */
  constructor(key: Buffer) {
    this.#key = key;
  }

  encode(scope: string, position: unknown): string {
    const payload = Buffer.from(JSON.stringify(position));
    return `${payload.toString('base64url')}.${this.#mac(scope, payload).toString('base64url')}`;
  }

  /** Errors: invalid_cursor (invalid_input). */
  decode<T>(scope: string, cursor: string, schema: z.ZodType<T>): T {
    const [payloadText = '', macText = '', ...rest] = cursor.split('.');
    const payload = Buffer.from(payloadText, 'base64url');
    const mac = Buffer.from(macText, 'base64url');
    const expected = this.#mac(scope, payload);
    if (rest.length > 0 || mac.length !== expected.length || !timingSafeEqual(mac, expected)) {
      throw invalidCursor();
    }
    // The signature is ours, so the payload is JSON that we wrote.
    const position = schema.safeParse(JSON.parse(payload.toString()));
    if (!position.success) throw invalidCursor();
    return position.data;
  }

  #mac(scope: string, payload: Buffer): Buffer {
    const mac = createHmac('sha256', this.#key).update(scope).update('\n').update(payload).digest();
    return mac.subarray(0, MAC_BYTES);
  }
}

/** What a cursor belongs to: the list and its filter; the page size may change from page to page. */
export function cursorScope(list: string, filter: Readonly<Record<string, unknown>>): string {
  const known = Object.entries(filter).filter(([, value]) => value !== undefined);
  return `${list}?${JSON.stringify(known.sort(([a], [b]) => (a < b ? -1 : 1)))}`;
}

function invalidCursor(): FleetError {
  const message = 'the cursor is not one of this list and filter; start again without a cursor';
  return new FleetError({
    code: 'invalid_cursor',
    kind: 'invalid_input',
    message,
    problems: [{ path: '/cursor', message, code: 'invalid_cursor' }],
  });
}
