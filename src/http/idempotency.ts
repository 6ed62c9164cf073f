import { createHash } from 'node:crypto';
import { FleetError } from '../kernel/errors.ts';
import type { RunId } from '../kernel/ids.ts';
import { newRunId } from '../kernel/ids.ts';
import { refusal } from './problem.ts';

/**
 * The story of an idempotent request:
 * 1. Before anything is enqueued it claims its key, together with a fingerprint of the request and a run id
 *    chosen for it. While it works it renews the claim.
 * 2. Its outcome is stored with the claim and replayed to whoever comes with the same key and request. Another
 *    request under the same key is refused; one that comes too early is told to wait.
 * 3. An outcome that says nothing about the request (5xx, 429) is not stored. The claim is released but keeps its
 *    run id, and so does the claim of a process that died: whoever takes it over submits the same run again,
 *    and the fleet recognises it. So the work is never doubled, even when it had been accepted unnoticed.
 */
export interface StoredOutcome {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export type Claim =
  | { readonly state: 'claimed'; readonly runId: RunId }
  | { readonly state: 'done'; readonly outcome: StoredOutcome }
  | { readonly state: 'in_flight' }
  | { readonly state: 'mismatch' };

/** Errors of all: backend_unavailable (unavailable). Every call is one round trip of at most a second. */
export interface IdempotencyStore {
  claim(
    id: string,
    request: { fingerprint: string; owner: string; runId: RunId; about: string },
  ): Promise<Claim>;
  /** Keeps the claim of a request that takes long. */
  renew(id: string, owner: string): Promise<void>;
  finish(id: string, owner: string, outcome: StoredOutcome): Promise<void>;
  /** Lets the next request with this key take the claim over at once. */
  release(id: string, owner: string): Promise<void>;
}

const RENEW_EVERY_MS = 3000;

export interface IdempotentRequest {
  /** From {@link idempotencyId}. */
  readonly id: string;
  readonly fingerprint: string;
  readonly owner: string;
  /** The session or run it changes, or '': what is deleted takes its answers along. */
  readonly about: string;
}

export interface IdempotencyPorts {
  readonly store: IdempotencyStore;
  /** Takes a write that the answer does not wait for. */
  background(write: Promise<unknown>): void;
}

/**
 * Run `work` at most once per key.
 * Errors: idempotency_in_flight (409), idempotency_key_reused (422), backend_unavailable, and those of `work`.
 */
export async function runOnce(
  request: IdempotentRequest,
  ports: IdempotencyPorts,
  work: (runId: RunId) => Promise<StoredOutcome>,
): Promise<{ outcome: StoredOutcome; isReplay: boolean }> {
  const { id, owner, fingerprint, about } = request;
  const claim = await ports.store.claim(id, { fingerprint, owner, about, runId: newRunId() });
  switch (claim.state) {
    case 'done':
      return { outcome: claim.outcome, isReplay: true };
    case 'mismatch':
      throw refusal(
        'idempotency_key_reused',
        422,
        'this idempotency key was used for a different request; use a new key',
      );
    case 'in_flight':
      throw new FleetError({
        code: 'idempotency_in_flight',
        kind: 'conflict',
        message: 'a request with this idempotency key is still being worked on',
        retryAfterMs: 1000,
      });
    case 'claimed':
      break;
  }
  const renewal = setInterval(() => ports.background(ports.store.renew(id, owner)), RENEW_EVERY_MS);
  try {
    const outcome = await work(claim.runId);
    const isFinal = outcome.status < 500 && outcome.status !== 429;
    ports.background(isFinal ? ports.store.finish(id, owner, outcome) : ports.store.release(id, owner));
    return { outcome, isReplay: false };
  } catch (error) {
    ports.background(ports.store.release(id, owner));
    throw error;
  } finally {
    clearInterval(renewal);
  }
}

/** Keys of different principals and operations never meet. */
export function idempotencyId(principal: string, operation: string, key: string): string {
  return sha256([principal, operation, key]);
}

/** Equal for equal requests, whatever the order of their fields. */
export function fingerprintOf(target: string, body: unknown): string {
  return sha256([target, body]);
}

function sha256(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, sortedKeys)).digest('hex');
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
