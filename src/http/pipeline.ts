import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { untilAborted } from '../kernel/abort.ts';
import { FleetError } from '../kernel/errors.ts';
import type { RunId } from '../kernel/ids.ts';
import { credentialOf } from './auth/credentials.ts';
import type { BodyReader } from './body.ts';
import { bounded } from './bounded.ts';
import type { HttpDeps } from './deps.ts';
import { exchangeOf } from './exchange.ts';
import { NOBODY, type Admission, type Gatekeeper } from './gatekeeper.ts';
import {
  fingerprintOf,
  idempotencyId,
  runOnce,
  type IdempotencyStore,
  type StoredOutcome,
} from './idempotency.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import type { HttpLifetime } from './lifetime.ts';
import { refusal, sendProblem, toHttpError, toProblem } from './problem.ts';
import type { Reply, Route, RouteRequest } from './route.ts';
import { noteUnreadText } from './unread-text.ts';
import { parseInput } from './validate.ts';

export interface PipelineParts {
  readonly deps: HttpDeps;
  readonly gatekeeper: Gatekeeper;
  readonly lifetime: HttpLifetime;
  readonly readBody: BodyReader;
}

type Parsed = Pick<RouteRequest, 'params' | 'query' | 'body' | 'rawBody'>;

/**
 * The way of every request, the same for all routes:
 * 1. negotiate the media type, authenticate, authorise, count against the rate limit;
 * 2. read and validate path, query and body;
 * 3. audit before an operator's action, claim the idempotency key, call the handler, audit what came of it;
 * 4. answer; whatever was thrown on the way becomes one problem document.
 */
export function createRouteHandler(route: Route, parts: PipelineParts): RequestHandler {
  return (req, res) => {
    exchangeOf(res).route = route.paths[0];
    serve(route, parts, req, res).catch((thrown: unknown) => {
      const error = toHttpError(thrown);
      const { requestId } = exchangeOf(res);
      if (error.httpStatus >= 500 && !res.destroyed) {
        parts.deps.log.error({ err: thrown, route: route.paths[0] }, 'request failed');
      }
      sendProblem(res, error, requestId);
    });
  };
}

async function serve(route: Route, parts: PipelineParts, req: Request, res: Response): Promise<void> {
  assertAcceptable(route, req);
  const { refusal: refused, ...admission } = await admit(route, parts.gatekeeper, req, res);
  const urgent = refused === undefined ? null : await parseUrgent(route, parts, req, res, refused);
  if (route.action === undefined) {
    const parsed = await parse(route, parts, req, res);
    send(res, await answer(route, parts, req, res, { ...parsed, ...admission, ...NO_CLAIM }));
    return;
  }
  let reason: string | undefined;
  try {
    const parsed = urgent ?? (await parse(route, parts, req, res));
    reason = reasonOf(parsed.body);
    if (route.needsAudit) {
      const act = { action: route.action, outcome: 'attempted' as const, ...(reason && { reason }) };
      await parts.gatekeeper.recordFirst(req, res, act);
    }
    const outcome = await change(route, parts, req, res, { ...parsed, ...admission });
    sendOutcome(res, outcome);
    record(outcome.status, outcome.status < 400 ? reason : codeOf(outcome.body));
  } catch (thrown) {
    const error = toHttpError(thrown);
    record(error.httpStatus, error.code);
    throw error;
  }

  function record(status: number, why: string | undefined): void {
    const outcome = status < 400 ? 'done' : 'refused';
    const act = { action: route.action!, outcome, status, ...(why && { reason: why }) } as const;
    parts.gatekeeper.record(req, res, act);
  }
}

function assertAcceptable(route: Route, req: Request): void {
  const offered = route.produces ?? ['application/json', 'application/problem+json'];
  if (req.accepts([...offered]) !== false) return;
  throw refusal('not_acceptable', 406, `this answers with ${offered.join(' or ')}`);
}

const NO_CLAIM = { runId: undefined, requestKey: undefined };

interface Admitted extends Admission {
  /** Over the rate limit: only what is urgent goes on. */
  readonly refusal?: unknown;
}

async function admit(route: Route, gatekeeper: Gatekeeper, req: Request, res: Response): Promise<Admitted> {
  if (route.access === 'public') return { caller: NOBODY };
  if (route.access === 'optional') {
    const isAnonymous = credentialOf(req.headers) === 'missing';
    const admission: Admission =
      isAnonymous && !gatekeeper.isOpen
        ? { caller: NOBODY }
        : await gatekeeper.admit(req, res, ['user', 'enqueue', 'read']);
    if (route.rateClass !== undefined) {
      const who = gatekeeper.rateKey(req, route.rateClass, admission.caller);
      await gatekeeper.limit(res, route.rateClass, who, admission.perSecond);
    }
    return admission;
  }
  const admission = await gatekeeper.admit(req, res, route.access);
  const rateClass = route.rateClass ?? 'read';
  const who = gatekeeper.rateKey(req, rateClass, admission.caller);
  try {
    await gatekeeper.limit(res, rateClass, who, admission.perSecond);
  } catch (error) {
    return { ...admission, refusal: error };
  }
  return admission;
}

async function parse(route: Route, parts: PipelineParts, req: Request, res: Response): Promise<Parsed> {
  const params = route.params && parseInput(route.params, { ...req.params }, 'path');
  const query = route.query && parseInput(route.query, { ...req.query }, 'query');
  if (!route.body) return { params, query, body: undefined, rawBody: undefined };
  const rawBody = await parts.readBody(req, res).catch((thrown: unknown) => {
    noteUnreadText(route, parts, req, res, thrown);
    throw thrown;
  });
  const body = parseInput(route.body, rawBody, 'body');
  route.checkBody?.(body);
  return { params, query, body, rawBody };
}

/** Over the rate limit only what is urgent goes on. Errors: `refused` */
async function parseUrgent(
  route: Route,
  parts: PipelineParts,
  req: Request,
  res: Response,
  refused: unknown,
): Promise<Parsed> {
  if (route.urgent === undefined) throw refused;
  const parsed = await parse(route, parts, req, res).catch(() => null);
  if (parsed === null || !route.urgent(parsed.body)) throw refused;
  return parsed;
}

/** A changing request, at most once where it has an idempotency key. */
async function change(
  route: Route,
  parts: PipelineParts,
  req: Request,
  res: Response,
  input: Parsed & Admission,
): Promise<StoredOutcome> {
  const key = idempotencyKeyOf(req);
  const requestKey = key && idempotencyId(input.caller.id, `header ${route.method} ${route.paths[0]}`, key);
  const work = (runId: RunId | undefined): Promise<StoredOutcome> =>
    answer(route, parts, req, res, { ...input, runId, requestKey }).then(toOutcome);
  if (requestKey === undefined) return work(undefined);
  const { deps, lifetime } = parts;
  const request = {
    id: requestKey,
    fingerprint: fingerprintOf(canonicalPath(route, req), route.body ? input.rawBody : input.query),
    owner: randomUUID(),
    about: String(req.params['session_id'] ?? req.params['run_id'] ?? ''),
  };
  const isUrgent = route.urgent?.(input.body) === true;
  const { idempotency } = deps.stores;
  const ports = {
    store: isUrgent ? inHaste(idempotency) : idempotency,
    background: (write: Promise<unknown>): void => {
      const logged = write.catch((error: unknown) => {
        deps.log.warn({ err: error }, 'idempotency record not written');
      });
      lifetime.background(logged);
    },
  };
  const { requestId } = exchangeOf(res);
  let hasBegun = false;
  const once = runOnce(request, ports, (runId) => {
    hasBegun = true;
    return work(runId).catch((thrown: unknown) => refusedOutcome(thrown, requestId));
  });
  const { outcome, isReplay } = await once.catch(async (refused: unknown) => {
    // The key cannot be claimed: whoever is in danger is answered without it.
    if (hasBegun || !isUrgent) throw refused;
    return { outcome: await work(undefined), isReplay: false };
  });
  if (isReplay) {
    deps.metrics.idempotent_replays_total.inc({});
    res.setHeader('Idempotency-Replayed', 'true');
  }
  return outcome;
}

const URGENT_CLAIM_LIMIT_MS = 250;

/** A key that is not claimed soon is done without. */
function inHaste(store: IdempotencyStore): IdempotencyStore {
  return {
    claim: (id, request) => bounded(store.claim(id, request), URGENT_CLAIM_LIMIT_MS),
    renew: (id, owner) => store.renew(id, owner),
    finish: (id, owner, outcome) => store.finish(id, owner, outcome),
    release: (id, owner) => store.release(id, owner),
  };
}

/** Calls the handler within the request's time, for as long as its client is there. */
async function answer(
  route: Route,
  parts: PipelineParts,
  req: Request,
  res: Response,
  input: Parsed & Admission & Pick<RouteRequest, 'runId' | 'requestKey'>,
): Promise<Reply> {
  const { requestId, traceparent } = exchangeOf(res);
  const ending = new AbortController();
  const onClose = (): void => ending.abort(waitAborted('the client went away'));
  res.once('close', onClose);
  const limitMs = parts.deps.config.http.request_timeout * 1000;
  const timer = route.isStream?.(req)
    ? undefined
    : setTimeout(() => ending.abort(waitAborted(`the request took longer than ${limitMs} ms`)), limitMs);
  try {
    const request: RouteRequest = { ...input, requestId, traceparent, signal: ending.signal, req, res };
    const reply = await untilAborted(Promise.resolve(route.handle(request)), ending.signal);
    if (parts.deps.config.environment === 'testing') assertDocumented(route, reply);
    return reply;
  } finally {
    clearTimeout(timer);
    res.off('close', onClose);
  }
}

function send(res: Response, reply: Reply): void {
  if (reply === 'handled') return;
  if ('text' in reply) res.status(reply.status).set('Content-Type', reply.contentType).send(reply.text);
  else sendOutcome(res, toOutcome(reply));
}

function sendOutcome(res: Response, outcome: StoredOutcome): void {
  res.status(outcome.status).set(outcome.headers);
  if (outcome.body === undefined) {
    res.end();
    return;
  }
  if (!res.hasHeader('Content-Type')) res.type('application/json');
  res.send(JSON.stringify(outcome.body));
}

function toOutcome(reply: Reply): StoredOutcome {
  if (reply === 'handled' || 'text' in reply) throw new TypeError('a changing route answers with JSON');
  return { status: reply.status, headers: reply.headers ?? {}, body: reply.body };
}

/** A refusal that says something about the request is an outcome like any other; the rest is thrown on. */
function refusedOutcome(thrown: unknown, requestId: string): StoredOutcome {
  const error = toHttpError(thrown);
  if (error.httpStatus >= 500 || error.httpStatus === 429) throw error;
  const headers = { 'Content-Type': 'application/problem+json' };
  return { status: error.httpStatus, headers, body: toProblem(error, requestId) };
}

/** In tests an answer that differs from its documented schema is a defect of ours. */
function assertDocumented(route: Route, reply: Reply): void {
  if (reply === 'handled' || 'text' in reply) return;
  const documented = route.responses[reply.status];
  const result = documented?.schema?.safeParse(reply.body);
  if (documented !== undefined && result?.success !== false) return;
  const why = result?.error ? z.prettifyError(result.error) : `status ${reply.status} is not documented`;
  throw new FleetError({ code: 'internal', kind: 'internal', message: `${route.operationId}: ${why}` });
}

function canonicalPath(route: Route, req: Request): string {
  return route.paths[0].replace(/\{(\w+)\}/g, (_, name: string) => String(req.params[name]));
}

function reasonOf(body: unknown): string | undefined {
  const isGiven = typeof body === 'object' && body !== null && 'reason' in body;
  return isGiven && typeof body.reason === 'string' ? body.reason : undefined;
}

function codeOf(body: unknown): string | undefined {
  const isProblem = typeof body === 'object' && body !== null && 'code' in body;
  return isProblem && typeof body.code === 'string' ? body.code.toLowerCase() : undefined;
}

function waitAborted(message: string): FleetError {
  return new FleetError({ code: 'wait_aborted', kind: 'timeout', message });
}
