import type { Request, Response } from 'express';
import type { HttpDeps } from './deps.ts';
import { callerOf } from './exchange.ts';
import type { HttpLifetime } from './lifetime.ts';
import { toHttpError } from './problem.ts';
import type { Route } from './route.ts';

/**
 * Nobody judges a text that is too large to be read: that there was one is noted, without it. The answer does not wait
 * for the note. Source: spec, safety 1
 */
export function noteUnreadText(
  { operationId: operation, carriesText = false }: Route,
  { deps, lifetime }: { readonly deps: HttpDeps; readonly lifetime: HttpLifetime },
  req: Request,
  res: Response,
  thrown: unknown,
): void {
  const caller = callerOf(res);
  if (!carriesText || caller === undefined || toHttpError(thrown).code !== 'payload_too_large') return;
  const announced = Number(req.get('content-length') ?? Number.NaN);
  const bytes = Number.isSafeInteger(announced) ? announced : null;
  lifetime.background(deps.operations.noteUnreadText({ operation, bytes }, caller));
}
