import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Caller, Role } from '../contracts/caller.ts';
import type { RunId } from '../kernel/ids.ts';
import type { RateClass } from './rate-limit.ts';

export const TAGS = {
  sessions: 'Sessions and turns: what a player says and is told',
  definitions: 'Definitions of workflows, in code and registered',
  runs: 'Runs of workflows, their state and their events',
  schedules: 'Runs that are started again and again',
  safety: 'How texts are judged, and by which rules',
  agents: 'Agents: who is there, what they can do, and who gets the next message',
  events: 'What happened to the fleet',
  messages: 'Messages between agents, and their mailboxes',
  queues: 'Queues of the fleet',
  breakers: 'Circuit breakers: what is not called for now',
  costs: 'What calls of models cost',
  'dead-letters': 'Jobs and messages that were given up on',
  health: 'Liveness, readiness and metrics of this process',
  documents: 'What this API is',
} as const;
export type Tag = keyof typeof TAGS;

export interface ResponseSpec {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Default: application/json when there is a schema. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer of a handler. `handled`: it wrote the response itself. */
export type Reply =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly status: number; readonly text: string; readonly contentType: string }
  | 'handled';

export interface RouteRequest<P = unknown, Q = unknown, B = unknown> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** The body as it came, before defaults. */
  readonly rawBody: unknown;
  /** Somebody without roles where the route is public. */
  readonly caller: Caller;
  readonly requestId: string;
  readonly traceparent: string | undefined;
  /** Aborts when the client is gone or the request took too long. */
  readonly signal: AbortSignal;
  /** Chosen by the idempotency claim, when the request has one. */
  readonly runId: RunId | undefined;
  /** From the idempotency key, when the request has one. */
  readonly requestKey: string | undefined;
  readonly req: Request;
  readonly res: Response;
}

/**
 * One operation of the API. Router, roles, validation, audit and the OpenAPI document all read it, so they
 * cannot differ.
 */
export interface Route<P = unknown, Q = unknown, B = unknown> {
  readonly operationId: string;
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With `{parameters}`; the first is canonical, the others are aliases. */
  readonly paths: readonly [string, ...string[]];
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** Roles of which one is needed. `optional`: a credential is checked when one is sent. */
  readonly access: 'public' | 'optional' | readonly Role[];
  readonly rateClass?: RateClass;
  readonly params?: z.ZodType<P>;
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B>;
  /** What the documentation shows instead, where the body is a document with a validator of its own. */
  readonly documentedBody?: z.ZodType;
  /** Checks that are more than the shape, for example sizes. Throws. */
  checkBody?(body: B): void;
  /** The body carries a text that is judged: one that is too large to be read is noted in the audit of safety. */
  readonly carriesText?: boolean;
  /** A pure judgement: such a request passes the rate limit, and idempotency keys that cannot be claimed. */
  urgent?(body: B): boolean;
  /** Name in the audit log; exactly the routes that change something have one. */
  readonly action?: string;
  /** An operator's action, which does not happen when it cannot be audited. */
  readonly needsAudit?: boolean;
  /** Media types to choose from; default application/json. */
  readonly produces?: readonly string[];
  /** Answered by the handler over a long time: no request timeout. */
  readonly isStream?: (req: Request) => boolean;
  readonly responses: Readonly<Record<number, ResponseSpec>>;
  handle(request: RouteRequest<P, Q, B>): Promise<Reply> | Reply;
}

/** Infers the types of a handler's request from the schemas beside it. */
export function defineRoute<P = unknown, Q = unknown, B = unknown>(route: Route<P, Q, B>): Route {
  return route;
}
