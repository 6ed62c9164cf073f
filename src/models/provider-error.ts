import type { ErrorKind } from '../kernel/error-kinds.ts';
import { FleetError } from '../kernel/errors.ts';

/** How a request to a provider can fail. `client`: what we sent does not suit it. `unreadable`: no chat completion. */
export const PROVIDER_FAULTS = [
  'network',
  'timeout',
  'rate_limited',
  'conflict',
  'server',
  'denied',
  'client',
  'refused',
  'unreadable',
] as const;
export type ProviderFault = (typeof PROVIDER_FAULTS)[number];

/** The kinds decide what a circuit counts: timeouts, overload and unavailability, no answer that is about our request. */
const KINDS = {
  network: 'unavailable',
  timeout: 'timeout',
  rate_limited: 'overloaded',
  conflict: 'conflict',
  server: 'unavailable',
  denied: 'forbidden',
  client: 'invalid_input',
  refused: 'invalid_input',
  unreadable: 'invalid_input',
} as const satisfies Record<ProviderFault, ErrorKind>;

const REPEATABLE: ReadonlySet<ProviderFault> = new Set(['network', 'rate_limited', 'conflict', 'server']);

export interface ProviderFailure {
  readonly fault: ProviderFault;
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  /** What the provider said; only to be looked at, because it may quote prompts and keys. */
  readonly complaint?: string;
}

/**
 * A request to a provider failed. It carries neither what was sent nor what came back: its message, details and
 * cause may be logged.
 */
export class ProviderError extends FleetError {
  readonly fault: ProviderFault;
  readonly status: number | undefined;
  /** The same request may succeed now. */
  readonly isRepeatable: boolean;

  constructor(provider: string, { fault, status, retryAfterMs }: Omit<ProviderFailure, 'complaint'>) {
    const kind: ErrorKind = KINDS[fault];
    super({
      code: 'provider_error',
      kind,
      message: `model provider "${provider}" failed: ${fault}${status === undefined ? '' : ` (status ${status})`}`,
      details: { provider, fault, ...(status === undefined ? {} : { status }) },
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
    this.name = 'ProviderError';
    this.fault = fault;
    this.status = status;
    // A provider that took too long to read the request says 408; one that was too slow for us is not asked again.
    this.isRepeatable = REPEATABLE.has(fault) || (fault === 'timeout' && status !== undefined);
  }
}

/** What a status means. `complaint`: the body. */
export function faultOfStatus(status: number, complaint: string): ProviderFault {
  switch (status) {
    case 401:
    case 403:
    case 404:
      return 'denied';
    case 408:
      return 'timeout';
    case 409:
      return 'conflict';
    case 429:
      return 'rate_limited';
    default:
      if (status >= 500) return 'server';
      return /content_filter|content_policy/.test(complaint) ? 'refused' : 'client';
  }
}

/** Milliseconds of a `Retry-After` or `retry-after-ms` header; undefined for what is neither seconds nor a date. */
export function retryAfterOf(
  headers: Readonly<Record<string, string>> | undefined,
  nowMs: number,
): number | undefined {
  const exact = amount(headers?.['retry-after-ms']);
  if (exact !== undefined) return exact;
  const text = headers?.['retry-after'];
  const seconds = amount(text);
  if (seconds !== undefined) return seconds * 1000;
  const moment = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(moment) ? undefined : Math.max(0, moment - nowMs);
}

function amount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;
}
