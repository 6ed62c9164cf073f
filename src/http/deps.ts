import type { RequestHandler } from 'express';
import type { Config } from '../../config/schema.ts';
import type { FleetOperations } from '../contracts/operations.ts';
import type { MessageOperations } from '../coordination/messages/operations.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { AuditLog } from './audit.ts';
import type { IdempotencyStore } from './idempotency.ts';
import type { RateLimiter } from './rate-limit.ts';

/** The settings this room reads. */
export type HttpConfig = Pick<
  Config,
  'environment' | 'port' | 'http' | 'metrics' | 'auth' | 'rate_limits' | 'features' | 'diagnostics' | 'audit'
>;

/** The metrics this room counts, and the text it serves at /metrics. */
export type HttpMetrics = Pick<
  Metrics,
  | 'http_requests_total'
  | 'http_request_duration_seconds'
  | 'http_in_flight'
  | 'rate_limited_total'
  | 'auth_failures_total'
  | 'idempotent_replays_total'
  | 'render'
>;

export interface HttpStores {
  readonly idempotency: IdempotencyStore;
  readonly rateLimiter: RateLimiter;
  readonly audit: AuditLog;
}

/** Everything the HTTP room is given; it reaches for nothing itself. */
export interface HttpDeps {
  readonly config: HttpConfig;
  readonly operations: FleetOperations & MessageOperations;
  readonly metrics: HttpMetrics;
  readonly log: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
  readonly stores: HttpStores;
  /** Signs page cursors; at least 32 bytes, the same in all processes of a fleet. */
  readonly cursorKey: Buffer;
  readonly version: string;
  /** Whether a player's line says that somebody must be answered, whatever else is wrong: pure. Default: none does. */
  readonly isUrgent?: (text: string) => boolean;
  /** Bull Board; mounted at `http.bull_board_path` behind this room's authentication. */
  readonly boardHandler?: RequestHandler;
}
