import type { DeadLetter, DeadLetterDetail, Page } from '../contracts/operator.ts';
import type { Problem } from '../contracts/problem.ts';
import type { CallOptions, PageOptions, SubmitCallOptions } from './client.ts';
import type { Call } from './transport.ts';

export interface DeadLetterOptions extends PageOptions {
  readonly queue?: string;
  readonly reason?: string;
  /** ISO 8601. */
  readonly since?: string;
}

/** Which of them; an empty filter is all, the newest first. */
export interface BulkDeadLetterRequest {
  readonly filter: { readonly queue?: string; readonly reason?: string; readonly since?: string };
  /** 1 to 1000, default 100. */
  readonly max?: number;
  readonly dry_run?: boolean;
}
/** What came of each. */
export interface BulkDeadLetterAnswer {
  readonly dry_run: boolean;
  readonly items: readonly {
    readonly dlq_id: string;
    readonly status: number;
    readonly job_id?: string;
    readonly problem?: Problem;
  }[];
  readonly more: boolean;
}

/** Jobs and messages that were given up on. */
export interface DeadLettersClient {
  listDeadLetters(options?: DeadLetterOptions): Promise<Page<DeadLetter>>;
  getDeadLetter(dlqId: string, options?: CallOptions): Promise<DeadLetterDetail>;
  replayDeadLetter(dlqId: string, options?: SubmitCallOptions): Promise<{ job_id: string }>;
  discardDeadLetter(
    dlqId: string,
    request: { reason: string },
    options?: SubmitCallOptions,
  ): Promise<DeadLetter>;
  /** Each has its own outcome. */
  replayDeadLetters(
    request: BulkDeadLetterRequest,
    options?: SubmitCallOptions,
  ): Promise<BulkDeadLetterAnswer>;
  discardDeadLetters(
    request: BulkDeadLetterRequest & { reason: string },
    options?: SubmitCallOptions,
  ): Promise<BulkDeadLetterAnswer>;
}

interface Calls {
  readonly get: <T>(path: string, options?: CallOptions, query?: Call['query']) => Promise<T>;
  readonly post: <T>(path: string, body: unknown, options?: SubmitCallOptions) => Promise<T>;
}

export function deadLetterCalls({ get, post }: Calls): DeadLettersClient {
  const at = (dlqId: string): string => `/v1/dlq/${encodeURIComponent(dlqId)}`;
  return {
    listDeadLetters: (o) =>
      get('/v1/dlq', o, {
        limit: o?.limit,
        cursor: o?.cursor,
        queue: o?.queue,
        reason: o?.reason,
        since: o?.since,
      }),
    getDeadLetter: (dlqId, o) => get(at(dlqId), o),
    replayDeadLetter: (dlqId, o) => post(`${at(dlqId)}/replay`, {}, o),
    discardDeadLetter: (dlqId, request, o) => post(`${at(dlqId)}/discard`, request, o),
    replayDeadLetters: (request, o) => post('/v1/dlq/replay', request, o),
    discardDeadLetters: (request, o) => post('/v1/dlq/discard', request, o),
  };
}
