import type { Response } from 'express';
import type { Caller } from '../contracts/caller.ts';
import type { Correlation } from './request-context.ts';

/** What is known of one request beside express's own objects. */
export interface Exchange extends Correlation {
  readonly startedAt: number;
  /** Label of the metrics: the template of the path, never the path. */
  route: string;
  caller?: Caller;
}

const exchanges = new WeakMap<Response, Exchange>();

export function beginExchange(res: Response, correlation: Correlation): Exchange {
  const exchange: Exchange = { ...correlation, startedAt: performance.now(), route: 'unmatched' };
  exchanges.set(res, exchange);
  return exchange;
}

/** The exchange of a response; the first middleware of the app begins it. */
export function exchangeOf(res: Response): Exchange {
  return exchanges.get(res)!;
}

/** Who asks, once the request was authenticated; handed to Bull Board, which asks per request. */
export function callerOf(res: Response): Caller | undefined {
  return exchanges.get(res)?.caller;
}
