import type { RequestHandler } from 'express';

const ALLOWED_HEADERS =
  'Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, Prefer, X-API-Key, X-Request-Id, traceparent';
const EXPOSED_HEADERS =
  'ETag, Idempotency-Replayed, Location, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id';
const PREFLIGHT_MAX_AGE_S = 600;

/** Lets pages of the listed origins call the API. Credentials travel in headers, never in cookies. */
export function cors(origins: readonly string[]): RequestHandler {
  const allowed = new Set(origins);
  return (req, res, next) => {
    const origin = req.get('origin');
    if (allowed.size > 0) res.vary('Origin');
    if (origin !== undefined && (allowed.has(origin) || allowed.has('*'))) {
      res.set('Access-Control-Allow-Origin', allowed.has('*') ? '*' : origin);
      res.set('Access-Control-Expose-Headers', EXPOSED_HEADERS);
      res.set('Cross-Origin-Resource-Policy', 'cross-origin');
      if (req.method === 'OPTIONS') {
        res.set('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, PATCH, DELETE');
        res.set('Access-Control-Allow-Headers', ALLOWED_HEADERS);
        res.set('Access-Control-Max-Age', String(PREFLIGHT_MAX_AGE_S));
      }
    }
    next();
  };
}
