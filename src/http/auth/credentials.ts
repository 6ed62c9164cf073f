import type { IncomingHttpHeaders } from 'node:http';

/** A credential as it came: nothing about it is checked yet. */
export interface Credential {
  readonly keyId: string;
  readonly secret: string;
}

/** 32 bytes in base64url are 43 characters. */
const API_KEY = /^ao_([A-Za-z0-9][A-Za-z0-9.-]{0,63})_([A-Za-z0-9_-]{43,256})$/;

/**
 * The credential of a request: `Authorization: Bearer`, else `X-API-Key`, else `X-AO-DIAG-KEY`, each holding
 * `ao_<id>_<secret>`; with `allowBasic` also Basic with the key id as user and the key as password.
 *
 * @returns `missing` without a carrier, `malformed` when a carrier holds something else
 */
export function credentialOf(
  headers: IncomingHttpHeaders,
  options: { readonly allowBasic?: boolean } = {},
): Credential | 'missing' | 'malformed' {
  const authorization = headers.authorization;
  if (authorization !== undefined) {
    const [scheme = '', value = '', ...rest] = authorization.trim().split(/ +/);
    if (rest.length > 0) return 'malformed';
    if (scheme.toLowerCase() === 'bearer') return parseApiKey(value);
    if (scheme.toLowerCase() === 'basic' && options.allowBasic) return parseBasic(value);
    return 'malformed';
  }
  const key = headers['x-api-key'] ?? headers['x-ao-diag-key'];
  if (key === undefined) return 'missing';
  return typeof key === 'string' ? parseApiKey(key) : 'malformed';
}

function parseApiKey(text: string): Credential | 'malformed' {
  const match = API_KEY.exec(text);
  return match === null ? 'malformed' : { keyId: match[1]!, secret: match[2]! };
}

function parseBasic(encoded: string): Credential | 'malformed' {
  const [user, ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  const credential = parseApiKey(password.join(':'));
  return credential !== 'malformed' && credential.keyId === user ? credential : 'malformed';
}
