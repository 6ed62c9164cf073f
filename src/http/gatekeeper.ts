import type { Request, Response } from 'express';
import type { Caller, Role } from '../contracts/caller.ts';
import { FleetError } from '../kernel/errors.ts';
import { toIso } from '../kernel/clock.ts';
import { auditedPath, type AuditEntry } from './audit.ts';
import type { Authenticator } from './auth/authenticate.ts';
import { assertAnyRole, unauthenticated } from './auth/authorize.ts';
import { assertLoopbackHost, assertSameOrigin } from './auth/same-origin.ts';
import type { HttpDeps } from './deps.ts';
import { exchangeOf } from './exchange.ts';
import type { HttpLifetime } from './lifetime.ts';
import type { RateClass } from './rate-limit.ts';

/** Somebody without a credential, who may do nothing that needs a role. */
export const NOBODY: Caller = { id: 'anonymous', roles: new Set() };

const LOOPBACK_HOSTS = new Set(['127.0.0.1', '::1', 'localhost']);

export interface Admission {
  readonly caller: Caller;
  readonly perSecond?: number;
}

export interface AdmitOptions {
  /** Take Basic credentials too. */
  readonly allowBasic?: boolean;
  /** Refuse changes that other pages make a browser send. */
  readonly ownPagesOnly?: boolean;
}

/**
 * Who may come in, how often, and the record of it: the part that API and Bull Board have in common.
 * Refusals for want of a credential or a role are audited; more than 60 bad credentials a minute from one address
 * are answered 429.
 */
export class Gatekeeper {
  readonly #deps: HttpDeps;
  readonly #auth: Authenticator;
  readonly #lifetime: HttpLifetime;
  readonly #isLoopbackOnly: boolean;

  constructor(deps: HttpDeps, auth: Authenticator, lifetime: HttpLifetime) {
    this.#deps = deps;
    this.#auth = auth;
    this.#lifetime = lifetime;
    this.#isLoopbackOnly = LOOPBACK_HOSTS.has(deps.config.http.host);
  }

  get isOpen(): boolean {
    return this.#auth.isOpen;
  }

  /** Errors: unauthenticated (401), forbidden, admin_disabled, origin_not_allowed (403), rate_limited (429). */
  async admit(
    req: Request,
    res: Response,
    anyOf: readonly Role[],
    options?: AdmitOptions,
  ): Promise<Admission> {
    try {
      return this.#check(req, res, anyOf, options);
    } catch (error) {
      const refused = error as FleetError; // #check throws nothing else
      if (refused.httpStatus === 401) await this.#countRefusal(req, res);
      this.record(req, res, {
        action: 'http.refuse',
        outcome: 'refused',
        status: refused.httpStatus,
        reason: refused.code,
      });
      throw refused;
    }
  }

  /** Errors: rate_limited (429). The headers tell every caller how much is left. */
  async limit(res: Response, rateClass: RateClass, who: string, perSecond?: number): Promise<void> {
    const decision = await this.#deps.stores.rateLimiter.consume(rateClass, who, perSecond);
    const { rule, remaining, resetMs } = decision;
    const resetSeconds = Math.max(1, Math.ceil(resetMs / 1000));
    res.setHeader('RateLimit-Policy', `"${rateClass}";q=${rule.points};w=${rule.windowSeconds}`);
    res.setHeader('RateLimit', `"${rateClass}";r=${remaining};t=${resetSeconds}`);
    if (decision.isAllowed) return;
    this.#deps.metrics.rate_limited_total.inc({ role: rateClass });
    throw new FleetError({
      code: 'rate_limited',
      kind: 'overloaded',
      message: `more than ${rule.points} ${rateClass} requests in ${rule.windowSeconds} s`,
      retryAfterMs: resetSeconds * 1000,
    });
  }

  /** Principals are counted by name, and by address where everybody has the same name. */
  rateKey(req: Request, rateClass: RateClass, caller: Caller): string {
    const byAddress = rateClass === 'admin' || rateClass === 'refused' || caller.id === NOBODY.id;
    return byAddress ? `ip:${req.ip ?? 'unknown'}` : `key:${caller.id}`;
  }

  /** Write to the audit log without making the answer wait for it. */
  record(req: Request, res: Response, what: AuditedAct): void {
    this.#lifetime.background(
      this.recordFirst(req, res, what).catch((error: unknown) => {
        this.#deps.log.error({ err: error, action: what.action }, 'audit entry lost');
      }),
    );
  }

  /** Write to the audit log and wait. Errors: backend_unavailable (503). */
  async recordFirst(req: Request, res: Response, what: AuditedAct): Promise<void> {
    const exchange = exchangeOf(res);
    const caller = exchange.caller ?? NOBODY;
    const entry: AuditEntry = {
      ts: toIso(Date.now()),
      actor: caller.id,
      roles: [...caller.roles],
      ip: req.ip ?? '',
      target: `${req.method} ${auditedPath(req.originalUrl)}`,
      request_id: exchange.requestId,
      ...what,
    };
    this.#deps.log.info({ audit: entry }, 'audit');
    await this.#deps.stores.audit.append(entry);
  }

  #check(req: Request, res: Response, anyOf: readonly Role[], options?: AdmitOptions): Admission {
    if (options?.ownPagesOnly) assertSameOrigin(req);
    if (this.#auth.isOpen) {
      assertSameOrigin(req, this.#deps.config.http.cors_origins);
      if (this.#isLoopbackOnly) assertLoopbackHost(req);
    }
    const found = this.#auth.authenticate({ headers: req.headers, ip: req.ip ?? '' }, options);
    if (!found.ok) {
      this.#deps.metrics.auth_failures_total.inc({ reason: found.failure });
      throw unauthenticated();
    }
    exchangeOf(res).caller = found.caller;
    assertAnyRole(found.caller, anyOf, this.#auth.hasAdmin);
    return found;
  }

  async #countRefusal(req: Request, res: Response): Promise<void> {
    await this.limit(res, 'refused', this.rateKey(req, 'refused', NOBODY));
  }
}

export type AuditedAct = Pick<AuditEntry, 'action' | 'outcome' | 'status' | 'reason'>;
