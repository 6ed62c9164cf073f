import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { ApiKeyConfig } from '../../../config/schema.ts';
import type { Caller } from '../../contracts/caller.ts';
import { systemClock, type Clock } from '../../kernel/clock.ts';
import { credentialOf } from './credentials.ts';

/** Why a credential was refused; also the label of `auth_failures_total`. */
export type AuthFailure = 'missing' | 'malformed' | 'unknown' | 'expired' | 'address';

export type Authentication =
  | { readonly ok: true; readonly caller: Caller; readonly perSecond?: number }
  | { readonly ok: false; readonly failure: AuthFailure; readonly keyId?: string };

export interface Authenticator {
  /** Whether any credential is configured; when none is, everybody who reaches the server is its operator. */
  readonly isOpen: boolean;
  /** Whether any configured key could do what needs `admin`. */
  readonly hasAdmin: boolean;
  authenticate(
    request: { readonly headers: IncomingHttpHeaders; readonly ip: string },
    options?: { readonly allowBasic?: boolean },
  ): Authentication;
}

interface KnownKey {
  readonly digest: Buffer;
  readonly caller: Caller;
  readonly perSecond: number | undefined;
  readonly expiresAt: number;
  readonly networks: BlockList | undefined;
}

const NOBODY_DIGEST = Buffer.alloc(32);

/**
 * API keys only. Secrets are compared by SHA-256 in constant time, and an unknown key id costs the same work
 * as a known one, so timing tells nothing. With no key configured every request acts as admin; the
 * configuration permits that on loopback only.
 */
export function createAuthenticator(
  apiKeys: readonly ApiKeyConfig[],
  clock: Clock = systemClock,
): Authenticator {
  const known = new Map(apiKeys.map((key) => [key.id, toKnownKey(key)]));
  const operator: Caller = { id: 'anonymous', roles: new Set(['admin']) };
  return {
    isOpen: known.size === 0,
    hasAdmin: known.size === 0 || apiKeys.some((key) => key.roles.includes('admin')),
    authenticate({ headers, ip }, options) {
      if (known.size === 0) return { ok: true, caller: operator };
      const credential = credentialOf(headers, options);
      if (typeof credential === 'string') return { ok: false, failure: credential };
      const key = known.get(credential.keyId);
      const digest = createHash('sha256').update(credential.secret).digest();
      const isSame = timingSafeEqual(digest, key?.digest ?? NOBODY_DIGEST);
      if (key === undefined || !isSame) return { ok: false, failure: 'unknown' };
      const { keyId } = credential;
      if (clock.now() >= key.expiresAt) return { ok: false, failure: 'expired', keyId };
      if (key.networks && !isWithin(key.networks, ip)) return { ok: false, failure: 'address', keyId };
      return {
        ok: true,
        caller: key.caller,
        ...(key.perSecond !== undefined && { perSecond: key.perSecond }),
      };
    },
  };
}

function toKnownKey(key: ApiKeyConfig): KnownKey {
  return {
    digest: Buffer.from(key.sha256, 'hex'),
    caller: {
      id: key.id,
      roles: new Set(key.roles),
      ...(key.user_id !== undefined && { user_id: key.user_id }),
    },
    perSecond: key.rate,
    expiresAt: key.expires_at === undefined ? Infinity : Date.parse(key.expires_at),
    networks: key.allowed_cidrs && toNetworks(key.allowed_cidrs),
  };
}

function toNetworks(cidrs: readonly string[]): BlockList {
  const networks = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', bits = ''] = cidr.split('/');
    networks.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return networks;
}

function isWithin(networks: BlockList, ip: string): boolean {
  const address = ip.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  const family = isIP(address);
  return family !== 0 && networks.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
