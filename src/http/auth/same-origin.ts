import { isIP } from 'node:net';
import type { Request } from 'express';
import { FleetError } from '../../kernel/errors.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuse what a foreign web page makes a browser send. Needed wherever a request is believed without a header
 * that only the caller's own code can add: Basic credentials, and installations without any.
 *
 * Errors: origin_not_allowed (403)
 */
export function assertSameOrigin(req: Request, allowedOrigins: readonly string[] = []): void {
  if (SAFE_METHODS.has(req.method)) return;
  const origin = req.get('origin');
  if (origin !== undefined) {
    if (allowedOrigins.includes(origin) || hostOf(origin) === req.host) return;
    throw originNotAllowed(`the origin ${origin.slice(0, 200)} may not do this`);
  }
  const site = req.get('sec-fetch-site');
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  throw originNotAllowed(`a ${site.slice(0, 20)} request may not do this`);
}

/**
 * A page of a foreign name that was made to resolve to this machine (DNS rebinding) would pass as same-origin;
 * its Host header gives it away.
 *
 * Errors: origin_not_allowed (403)
 */
export function assertLoopbackHost(req: Request): void {
  const host = hostnameOf(req.get('host') ?? '');
  const isLocal =
    host === '' ||
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    isIP(host.replace(/^\[|\]$/g, '')) !== 0;
  if (isLocal) return;
  throw originNotAllowed(
    `without API keys the server answers only to localhost and addresses, not to the name "${host.slice(0, 200)}"`,
  );
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function hostnameOf(host: string): string {
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : host;
}

function originNotAllowed(message: string): FleetError {
  return new FleetError({ code: 'origin_not_allowed', kind: 'forbidden', message });
}
