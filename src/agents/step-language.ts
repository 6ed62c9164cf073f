import type { CallAccount, Language } from '../models/language.ts';

/** What an agent needs to answer by its own rules, and to have that recorded; at most a tenth of its time. */
const RESERVE_MS = 300;

export interface StepOfLanguage {
  readonly account: CallAccount;
  /** How long the attempt may take from now on. */
  readonly timeoutMs: number;
}

/**
 * The models as one attempt of a step may ask them: on the account of its workflow, and never for longer than
 * leaves the agent time for an answer of its own. A model that hangs costs a turn its words, not an attempt.
 */
export function languageOfStep(
  language: Language | null,
  { account, timeoutMs }: StepOfLanguage,
): Language | null {
  if (language === null) return null;
  const endsAt = performance.now() + timeoutMs - Math.min(RESERVE_MS, timeoutMs / 10);
  return {
    ask(request, ctx) {
      const budgetMs = Math.min(ctx.budgetMs, endsAt - performance.now());
      return language.ask(request, { ...ctx, account, budgetMs });
    },
  };
}
