import type { BreakerView } from '../contracts/breaker.ts';
import type { CallOptions, SubmitCallOptions } from './client.ts';

/** The circuit breakers of the fleet. */
export interface BreakerCalls {
  /** Sorted by name. */
  listBreakers(options?: CallOptions): Promise<BreakerView[]>;
  getBreaker(name: string, options?: CallOptions): Promise<BreakerView>;
  /** Closes it: calls are made again. */
  resetBreaker(name: string, options?: SubmitCallOptions): Promise<BreakerView>;
  /** Refuses calls for one period. */
  openBreaker(name: string, options?: SubmitCallOptions): Promise<BreakerView>;
}

interface Asking {
  readonly get: <T>(path: string, options?: CallOptions) => Promise<T>;
  readonly post: <T>(path: string, body: unknown, options?: SubmitCallOptions) => Promise<T>;
}

export function breakerCalls({ get, post }: Asking): BreakerCalls {
  const path = (name: string): string => `/v1/breakers/${encodeURIComponent(name)}`;
  return {
    listBreakers: (o) => get('/v1/breakers', o),
    getBreaker: (name, o) => get(path(name), o),
    resetBreaker: (name, o) => post(`${path(name)}/reset`, {}, o),
    openBreaker: (name, o) => post(`${path(name)}/open`, {}, o),
  };
}
