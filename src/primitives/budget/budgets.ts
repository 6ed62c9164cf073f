import { systemClock, type Clock } from '../../kernel/clock.ts';
import { FleetError } from '../../kernel/errors.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { runScript, type Script, type ScriptValue } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { KEEP_DAYS, utcDay } from './cost-days.ts';
import { toMicroUsd, toUsd } from './money.ts';
import { RESERVE, SETTLE } from './scripts.ts';

// A call under a budget:
// 1. reserve: the estimate is set aside, or the call refused. What is spent and set aside never exceeds the day's limit.
// 2. The call is made.
// 3. settle: the estimate gives way to what the call did cost; release: to nothing.
// A reservation whose process died lapses after ten minutes. A call belongs to the UTC day on which it was reserved.

export const ON_STORE_ERROR = ['reject', 'allow'] as const;

export interface BudgetPolicy {
  /** 1 to 128 letters, digits, "_", "." or "-". */
  readonly budget: string;
  readonly perRequestUsd?: number;
  readonly dailyUsd: number;
  /** The share of `dailyUsd` from which on it is announced, once a day; default 0.8. */
  readonly alertRatio?: number;
  /** What becomes of calls while Redis is away; default reject. */
  readonly onStoreError?: (typeof ON_STORE_ERROR)[number];
}

export type BudgetEvent =
  | {
      readonly type: 'rejected';
      readonly budget: string;
      readonly reason: 'per_request' | 'daily' | 'store_error';
    }
  | { readonly type: 'alert'; readonly budget: string; readonly spentUsd: number; readonly dailyUsd: number }
  /** A call cost more than `perRequestUsd`, against its estimate. Its result is kept. */
  | { readonly type: 'over_request_limit'; readonly budget: string; readonly actualUsd: number }
  /** Redis was away when a call ended: its reservation lapses, its cost is not charged. */
  | { readonly type: 'unsettled'; readonly budget: string; readonly actualUsd: number };

export interface Reservation {
  /** Charge what the call did cost. Never fails: the result is worth more than the account of it. */
  settle(actualMicroUsd: number): Promise<void>;
  /** The call cost nothing. Never fails. */
  release(): Promise<void>;
}

export interface BudgetsOptions {
  readonly store: RedisStore;
  readonly clock?: Clock;
  readonly observe?: (event: BudgetEvent) => void;
}

const KEEP_SECONDS = KEEP_DAYS * 86_400;
const LAPSE_MS = 600_000;
const NAME = /^[\w.-]{1,128}$/;

export class Budgets {
  readonly #store: RedisStore;
  readonly #clock: Clock;
  readonly #observe: (event: BudgetEvent) => void;
  /** What Redis last said is spent and set aside, so that a choice can be made without asking. */
  readonly #lastKnown = new Map<string, { readonly day: string; readonly usedMicroUsd: number }>();

  constructor({ store, clock = systemClock, observe = () => undefined }: BudgetsOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#observe = observe;
  }

  /**
   * Set aside what a call may cost.
   *
   * Errors: budget_exceeded (overloaded, never retried) with reason `per_request` or `daily`;
   *         backend_unavailable when Redis is away and the policy says reject
   */
  async reserve(policy: BudgetPolicy, estimateMicroUsd: number): Promise<Reservation> {
    const { budget, perRequestUsd } = checkBudget(policy);
    const requestLimit =
      perRequestUsd === undefined ? Number.POSITIVE_INFINITY : toMicroUsd(perRequestUsd, 'perRequestUsd');
    if (estimateMicroUsd > requestLimit) {
      throw this.#exceeded(budget, 'per_request', requestLimit, estimateMicroUsd);
    }
    const now = this.#clock.now();
    const day = utcDay(now);
    const id = uuidv7(now);
    const dailyLimit = toMicroUsd(policy.dailyUsd, 'dailyUsd');
    const args = [id, estimateMicroUsd, dailyLimit, now, now + LAPSE_MS, KEEP_SECONDS];
    try {
      const { flag, spent, reserved } = await this.#run(RESERVE, budget, day, args);
      if (flag === 0) {
        throw this.#exceeded(budget, 'daily', dailyLimit, estimateMicroUsd, { spent, reserved });
      }
    } catch (error) {
      if (error instanceof BudgetExceeded) throw error;
      if (policy.onStoreError !== 'allow') {
        this.#observe({ type: 'rejected', budget, reason: 'store_error' });
        throw error;
      }
    }
    const settle = (actual: number): Promise<void> => this.#settle(policy, { id, day, requestLimit }, actual);
    return { settle, release: () => settle(0) };
  }

  /** What is left of today's limit as far as this process knows; undefined when it knows nothing of today. */
  remainingUsd({ budget, dailyUsd }: Pick<BudgetPolicy, 'budget' | 'dailyUsd'>): number | undefined {
    const known = this.#lastKnown.get(budget);
    if (known === undefined || known.day !== utcDay(this.#clock.now())) return undefined;
    return toUsd(Math.max(0, toMicroUsd(dailyUsd, 'dailyUsd') - known.usedMicroUsd));
  }

  async #settle(
    policy: BudgetPolicy,
    held: { readonly id: string; readonly day: string; readonly requestLimit: number },
    actual: number,
  ): Promise<void> {
    const { budget, dailyUsd, alertRatio = 0.8 } = policy;
    const now = this.#clock.now();
    const alertFrom = Math.ceil(toMicroUsd(dailyUsd, 'dailyUsd') * alertRatio);
    if (actual > held.requestLimit) {
      this.#observe({ type: 'over_request_limit', budget, actualUsd: toUsd(actual) });
    }
    const args = [held.id, actual, now, now + LAPSE_MS, actual === 0 ? -1 : alertFrom, KEEP_SECONDS];
    try {
      const { flag, spent } = await this.#run(SETTLE, budget, held.day, args);
      if (flag === 1) this.#observe({ type: 'alert', budget, spentUsd: toUsd(spent), dailyUsd });
    } catch {
      this.#observe({ type: 'unsettled', budget, actualUsd: toUsd(actual) });
    }
  }

  async #run(script: Script, budget: string, day: string, args: readonly (string | number)[]) {
    const { redis, keys } = this.#store;
    const reply = await runScript(
      redis,
      script,
      [keys.budget(budget, day), keys.budgetHolds(budget, day)],
      args,
    );
    const [flag, spent, reserved] = reply as readonly ScriptValue[] as readonly [number, number, number];
    // A call of yesterday that ends today says nothing of today.
    if (day >= (this.#lastKnown.get(budget)?.day ?? '')) {
      this.#lastKnown.set(budget, { day, usedMicroUsd: spent + reserved });
    }
    return { flag, spent, reserved };
  }

  #exceeded(
    budget: string,
    reason: 'per_request' | 'daily',
    limit: number,
    estimate: number,
    used?: { readonly spent: number; readonly reserved: number },
  ): BudgetExceeded {
    this.#observe({ type: 'rejected', budget, reason });
    return new BudgetExceeded(budget, {
      reason,
      limit_usd: toUsd(limit),
      ...(used === undefined ? {} : { spent_usd: toUsd(used.spent), reserved_usd: toUsd(used.reserved) }),
      estimate_usd: toUsd(estimate),
    });
  }
}

/** The call was refused before it was made. Waiting a little does not help, so it is not retried. */
export class BudgetExceeded extends FleetError {
  constructor(budget: string, details: Readonly<Record<string, unknown>> & { readonly reason: string }) {
    super({
      code: 'budget_exceeded',
      kind: 'overloaded',
      message: `budget "${budget}" does not allow this call (${details.reason})`,
      details: { budget, ...details },
      retryable: false,
    });
  }
}

/** Errors: definition_error (invalid_input) for a policy that makes no sense */
export function checkBudget(policy: BudgetPolicy): BudgetPolicy {
  const { budget, perRequestUsd = 0, dailyUsd, alertRatio = 0.8 } = policy;
  toMicroUsd(perRequestUsd, 'perRequestUsd');
  toMicroUsd(dailyUsd, 'dailyUsd');
  if (NAME.test(budget) && alertRatio > 0 && alertRatio <= 1) return policy;
  throw new FleetError({
    code: 'definition_error',
    kind: 'invalid_input',
    message: `budget "${budget}": expected a name of letters, digits, "_", "." or "-", and an alertRatio above 0 up to 1`,
  });
}
