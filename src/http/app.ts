import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import { FleetError } from '../kernel/errors.ts';
import { withCorrelation } from '../observability/correlation.ts';
import { createAuthenticator } from './auth/authenticate.ts';
import { boardGate } from './board-gate.ts';
import { createBodyReader } from './body.ts';
import { cors } from './cors.ts';
import type { HttpDeps } from './deps.ts';
import { beginExchange, exchangeOf } from './exchange.ts';
import { Gatekeeper } from './gatekeeper.ts';
import { HttpLifetime } from './lifetime.ts';
import { createRouteHandler } from './pipeline.ts';
import { refusal, sendProblem, toHttpError } from './problem.ts';
import { correlationOf } from './request-context.ts';
import type { Route } from './route.ts';
import { createRouteTable } from './route-table.ts';

/**
 * The HTTP API of a fleet, ready to be served. It starts nothing and owns no connection.
 *
 * @param lifetime  shared with the server that must end it quietly
 * Source: spec, operations 2
 */
export function createHttpApp(deps: HttpDeps, lifetime: HttpLifetime = new HttpLifetime()): Express {
  const { config } = deps;
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', 'simple');
  app.set('trust proxy', config.http.trust_proxy);

  const gatekeeper = new Gatekeeper(deps, createAuthenticator(config.auth.api_keys), lifetime);
  const routes = createRouteTable(deps, lifetime);
  const parts = { deps, gatekeeper, lifetime, readBody: createBodyReader(config.http.body_limit) };

  app.use(observe(deps, lifetime));
  app.use(securityHeaders());
  app.use(cors(config.http.cors_origins));
  app.use('/v1', (_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  if (deps.boardHandler) {
    app.use(config.http.bull_board_path, boardGate(deps, gatekeeper, deps.boardHandler));
  }
  for (const route of routes) {
    for (const path of route.paths) app[route.method](toExpressPath(path), createRouteHandler(route, parts));
  }
  refuseOtherMethods(app, routes);
  app.use((_req, _res, next) => {
    next(new FleetError({ code: 'not_found', kind: 'not_found', message: 'there is nothing at this path' }));
  });
  app.use(answerWithProblem(deps));
  return app;
}

/** `{name}` as express writes it. */
export function toExpressPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

/** Begins the exchange of every request and counts it when it is over. */
function observe(deps: HttpDeps, lifetime: HttpLifetime): RequestHandler {
  const { metrics, log } = deps;
  return (req, res, next) => {
    const exchange = beginExchange(res, correlationOf(req.headers));
    res.setHeader('X-Request-Id', exchange.requestId);
    if (req.headers.accept !== undefined) req.headers.accept = withoutParameters(req.headers.accept);
    lifetime.enter(res);
    metrics.http_in_flight.inc({});
    res.once('close', () => {
      const seconds = (performance.now() - exchange.startedAt) / 1000;
      const method = KNOWN_METHODS.has(req.method) ? req.method : 'OTHER';
      const labels = { method, route: exchange.route, status: String(res.statusCode) };
      metrics.http_in_flight.dec({});
      metrics.http_requests_total.inc(labels);
      metrics.http_request_duration_seconds.observe({ method, route: exchange.route }, seconds);
      log.debug({ ...labels, duration_ms: seconds * 1000 }, 'request');
    });
    withCorrelation({ request_id: exchange.requestId }, next);
  };
}

/** `Accept` with its types and weights; a charset or version chooses nothing here and must not cause a 406. */
function withoutParameters(accept: string): string {
  return accept.replace(/;\s*(?!q=)[\w.-]+\s*=\s*("[^"]*"|[^;,]*)/gi, '');
}

const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Everything a page of ours needs comes from this server, also on installations without TLS. */
function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        styleSrc: ["'self'", "'unsafe-inline'"],
        fontSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        frameAncestors: ["'none'"],
        baseUri: ["'self'"],
        formAction: ["'self'"],
      },
    },
  });
}

/** After all routes, so that a path that matches two templates is never refused for the wrong one. */
function refuseOtherMethods(app: Express, routes: readonly Route[]): void {
  const methods = new Map<string, string[]>();
  for (const route of routes) {
    for (const path of route.paths)
      methods.set(path, [...(methods.get(path) ?? []), route.method.toUpperCase()]);
  }
  for (const [path, own] of methods) {
    const allow = own.includes('GET') ? [...own, 'HEAD', 'OPTIONS'] : [...own, 'OPTIONS'];
    app.route(toExpressPath(path)).all((req, res) => {
      exchangeOf(res).route = path;
      res.set('Allow', allow.join(', '));
      if (req.method === 'OPTIONS') {
        res.status(204).end();
        return;
      }
      throw refusal('method_not_allowed', 405, `${req.method} is not possible here; ${allow.join(', ')} are`);
    });
  }
}

function answerWithProblem(deps: HttpDeps): ErrorRequestHandler {
  return (thrown: unknown, _req, res, _next) => {
    const error = toHttpError(thrown);
    const { requestId } = exchangeOf(res);
    if (error.httpStatus >= 500) deps.log.error({ err: thrown }, 'request failed');
    sendProblem(res, error, requestId);
  };
}
