import type { IncomingHttpHeaders } from 'node:http';
import { uuidv7 } from '../kernel/ids.ts';

const REQUEST_ID = /^[\w.-]{1,64}$/;
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export interface Correlation {
  readonly requestId: string;
  readonly traceparent: string | undefined;
}

/** The caller's request id and trace where they are well formed; an id of our own otherwise. */
export function correlationOf(headers: IncomingHttpHeaders): Correlation {
  const given = headers['x-request-id'];
  const trace = headers['traceparent'];
  return {
    requestId: typeof given === 'string' && REQUEST_ID.test(given) ? given : newRequestId(),
    traceparent: typeof trace === 'string' && TRACEPARENT.test(trace) ? trace : undefined,
  };
}

/** `req-<ulid>`: a version 7 UUID has the layout of a ULID, so ids sort by time. */
export function newRequestId(): string {
  let bits = BigInt(`0x${uuidv7().replaceAll('-', '')}`);
  let text = '';
  for (let i = 0; i < 26; i++) {
    text = CROCKFORD[Number(bits & 31n)]! + text;
    bits >>= 5n;
  }
  return `req-${text}`;
}
