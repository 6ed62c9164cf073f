import type { Language } from '../models/language.ts';
import type { JobLock, ResultOwner } from '../primitives/durable/commit-step.ts';
import type { RedisStore } from '../redis/store.ts';
import type { AgentContext } from './agent.ts';
import { languageInBudget } from './language-in-budget.ts';
import { createWorldAccess, type TrackedWorldAccess } from './world-access.ts';

export interface OutsideRuns {
  readonly store: RedisStore;
  readonly owner: ResultOwner;
  /** null: nobody else can hold the work, or doing it twice gives the recorded result. */
  readonly lock: JobLock | null;
  readonly signal: AbortSignal;
  readonly checkOutput: (output: unknown) => unknown;
  readonly hasOutbox: boolean;
  readonly now: () => number;
}

/** Worlds for work that belongs to no run, and so to no session that could begin one: a world must exist already. */
export function worldsOutsideRuns(options: OutsideRuns): TrackedWorldAccess {
  return createWorldAccess({
    ...options,
    prefetched: null,
    createWorld: null,
    ttlSeconds: null,
    eventData: () => ({}),
  });
}

/** What an agent has where there is no run: nothing is remembered between attempts, and nobody reads along. */
export function contextOutsideRuns(
  language: Language | null,
  budgetMs: number,
): Pick<AgentContext, 'budgetMs' | 'language' | 'memo' | 'emit'> {
  return {
    budgetMs,
    language: languageInBudget(language, {
      account: {},
      budgetMs,
      cutMs: budgetMs,
      isFast: false,
      goesLocal: false,
    }),
    memo: (_key, produce) => produce(),
    emit: () => {},
  };
}
