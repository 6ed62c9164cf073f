import { z } from 'zod';
import { computeDelay } from '../../resilience/backoff.ts';

const DAY_MS = 86_400_000;

/** How often, and how soon after each other, an agent that fails is started anew. */
export const RestartPolicy = z
  .strictObject({
    /** The pause between the first two attempts; each further one is `factor` times as long, up to `maxDelayMs`. */
    baseDelayMs: z.int().min(0).max(DAY_MS).default(5000),
    factor: z.number().min(1).max(100).default(2),
    maxDelayMs: z.int().min(0).max(DAY_MS).default(60_000),
    /** Attempts within any `windowMs`. */
    maxAttempts: z.int().min(1).max(1000).default(5),
    windowMs: z.int().min(1).max(DAY_MS).default(60_000),
    /** Failed restarts in a row after which none is tried for `circuitResetMs`. */
    circuitFailures: z.int().min(1).max(100).default(3),
    circuitResetMs: z.int().min(1).max(DAY_MS).default(300_000),
  })
  .refine(({ baseDelayMs, maxDelayMs }) => maxDelayMs >= baseDelayMs, {
    path: ['maxDelayMs'],
    message: 'must not be below baseDelayMs',
  });
export type RestartPolicy = z.output<typeof RestartPolicy>;
export type RestartPolicyOptions = z.input<typeof RestartPolicy>;

/** What is remembered of the restarts of one agent. Times are epoch milliseconds. */
export interface RestartHistory {
  /** When the attempts of the last window began, oldest first. */
  readonly attempts: readonly number[];
  /** Attempts since the last window without failure: how long the next pause is. */
  readonly streak: number;
  /** Restarts in a row that failed. */
  readonly failedInARow: number;
  readonly lastFailureAt: number | null;
  /** The circuit is open: no attempt before. */
  readonly openUntil: number | null;
}

export const NO_RESTARTS: RestartHistory = Object.freeze({
  attempts: [],
  streak: 0,
  failedInARow: 0,
  lastFailureAt: null,
  openUntil: null,
});

export type RestartDecision =
  | { readonly kind: 'now' }
  | { readonly kind: 'wait'; readonly untilMs: number; readonly reason: 'backoff' | 'window' }
  | { readonly kind: 'denied'; readonly untilMs: number };

/**
 * Whether an agent that has failed may be started anew at this moment. The first attempt is made at once; then each
 * waits for its pause, for room in the window, and for the circuit.
 *
 *   closed ── circuitFailures failed restarts in a row ──▶ open ── circuitResetMs, or a reset ──▶ closed
 */
export function decideRestart(
  policy: RestartPolicy,
  history: RestartHistory,
  nowMs: number,
): RestartDecision {
  const { attempts, streak, openUntil } = settle(policy, history, nowMs);
  if (openUntil !== null) return { kind: 'denied', untilMs: openUntil };
  const last = attempts.at(-1);
  if (last === undefined) return { kind: 'now' };
  const rested = streak === 0 ? last : last + pauseMs(policy, streak);
  const first = attempts.at(-policy.maxAttempts);
  const roomy = first === undefined ? 0 : first + policy.windowMs;
  const untilMs = Math.max(rested, roomy);
  if (untilMs <= nowMs) return { kind: 'now' };
  return { kind: 'wait', untilMs, reason: roomy > rested ? 'window' : 'backoff' };
}

/** The pause after attempt `streak` (1-based) of a series. */
export function pauseMs(policy: RestartPolicy, streak: number): number {
  return computeDelay({ ...policy, jitter: 0 }, streak);
}

/** The agent was found not to work: what it did before without failing counts no more. */
export function noteFailure(policy: RestartPolicy, history: RestartHistory, nowMs: number): RestartHistory {
  return { ...settle(policy, history, nowMs), lastFailureAt: nowMs };
}

/** An attempt begins. */
export function noteAttempt(policy: RestartPolicy, history: RestartHistory, nowMs: number): RestartHistory {
  const settled = settle(policy, history, nowMs);
  return { ...settled, attempts: [...settled.attempts, nowMs], streak: settled.streak + 1 };
}

/** The attempt was in vain. */
export function noteFailedRestart(
  policy: RestartPolicy,
  history: RestartHistory,
  nowMs: number,
): RestartHistory {
  const settled = settle(policy, history, nowMs);
  const failedInARow = settled.failedInARow + 1;
  const opens = failedInARow >= policy.circuitFailures;
  return {
    ...settled,
    failedInARow,
    lastFailureAt: nowMs,
    openUntil: opens ? nowMs + policy.circuitResetMs : settled.openUntil,
  };
}

/** The agent works again. Pauses stay long until a whole window has passed without failure. */
export function noteRestarted(history: RestartHistory): RestartHistory {
  return { ...history, failedInARow: 0, openUntil: null };
}

/** The history as it is now: what lies behind a window is forgotten, and a circuit closes when its time is over. */
function settle(policy: RestartPolicy, history: RestartHistory, nowMs: number): RestartHistory {
  const { openUntil, attempts } = history;
  const closes = openUntil !== null && openUntil <= nowMs;
  const failedAt = history.lastFailureAt ?? attempts.at(-1) ?? nowMs;
  const isQuiet = failedAt + policy.windowMs <= nowMs;
  // An attempt that is further back than the window matters only for the pause after it.
  const kept = attempts.filter((at, index) => at + policy.windowMs > nowMs || index === attempts.length - 1);
  return {
    ...history,
    attempts: kept,
    streak: isQuiet ? 0 : history.streak,
    failedInARow: closes ? 0 : history.failedInARow,
    openUntil: closes ? null : openUntil,
  };
}
