import { Router, type Request, type RequestHandler, type Response } from 'express';
import type { Role } from '../contracts/caller.ts';
import { FleetError } from '../kernel/errors.ts';
import type { HttpDeps } from './deps.ts';
import { exchangeOf } from './exchange.ts';
import type { Gatekeeper } from './gatekeeper.ts';
import { sendProblem, toHttpError } from './problem.ts';

const READERS: readonly Role[] = ['read'];

/**
 * Bull Board behind the API's own authentication. Browsers may use Basic here and only here (key id as user, key
 * as password), so every change must come from the board's own pages. What a role may do on the board is the
 * board's to decide; it asks for the caller of each request.
 */
export function boardGate(deps: HttpDeps, gatekeeper: Gatekeeper, board: RequestHandler): RequestHandler {
  const path = deps.config.http.bull_board_path;
  const router = Router();
  router.use(async (req, res, next) => {
    exchangeOf(res).route = path;
    try {
      await enter(req, res);
    } catch (error) {
      refuse(res, error);
      return;
    }
    next();
  });
  router.use(board);
  return router;

  async function enter(req: Request, res: Response): Promise<void> {
    assertMountable(deps, gatekeeper);
    const isChange = req.method !== 'GET' && req.method !== 'HEAD';
    const { caller, perSecond } = await gatekeeper.admit(req, res, READERS, {
      allowBasic: true,
      ownPagesOnly: true,
    });
    if (isChange || req.path.startsWith('/api/')) {
      const rateClass = isChange ? 'operate' : 'read';
      const who = `board:${gatekeeper.rateKey(req, rateClass, caller)}`;
      await gatekeeper.limit(res, rateClass, who, perSecond);
    }
    if (!isChange) return;
    await gatekeeper.recordFirst(req, res, { action: 'board.change', outcome: 'attempted' });
    res.once('finish', () => {
      const outcome = res.statusCode < 400 ? 'done' : 'refused';
      gatekeeper.record(req, res, { action: 'board.change', outcome, status: res.statusCode });
    });
  }
}

/** Errors: feature_disabled (403). */
function assertMountable(deps: HttpDeps, gatekeeper: Gatekeeper): void {
  const { environment, features } = deps.config;
  if (features.bull_board && (!gatekeeper.isOpen || environment === 'development')) return;
  const message = features.bull_board
    ? 'outside development Bull Board needs API keys'
    : 'features.bull_board is off';
  throw new FleetError({ code: 'feature_disabled', kind: 'forbidden', message });
}

function refuse(res: Response, thrown: unknown): void {
  const error = toHttpError(thrown);
  if (error.httpStatus === 401)
    res.setHeader('WWW-Authenticate', 'Basic realm="Bull Board", charset="UTF-8"');
  sendProblem(res, error, exchangeOf(res).requestId);
}
