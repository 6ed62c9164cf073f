import type {
  CallAccount,
  Language,
  LanguageAnswer,
  LanguageContext,
  LanguageRequest,
} from '../models/language.ts';

/** No model answers faster. */
const LEAST_MS = 25;
/** What an agent needs to answer by its own rules, and to have that recorded; at most a tenth of its time. */
const RESERVE_MS = 300;
/** A provider that does not keep to its time is left behind after so much more. */
const PATIENCE_MS = 25;

export interface LanguageLimits {
  readonly account: CallAccount;
  /** What the attempt plans with. */
  readonly budgetMs: number;
  /** What cuts the attempt short. */
  readonly cutMs: number;
  /** Whether the budget is a share of the response time target. */
  readonly isFast: boolean;
  /** No model is asked at all. */
  readonly goesLocal: boolean;
}

/**
 * The models of an agent for one attempt, on the account of its workflow. They never keep it longer than its time, and
 * leave it enough for an answer of its own: a model that hangs costs a turn its words, not an attempt. What takes longer
 * is no answer, for the reason `sla_fallback` where the response time target ended it. A provider that does not heed its
 * signal is left alone.
 */
export function languageInBudget(language: Language | null, limits: LanguageLimits): Language | null {
  if (language === null) return null;
  const startedAt = performance.now();
  const { account, budgetMs, cutMs } = limits;
  const wholeMs = Math.min(budgetMs, cutMs - Math.min(RESERVE_MS, cutMs / 10));
  return {
    async ask<T>(request: LanguageRequest<T>, ctx: LanguageContext): Promise<LanguageAnswer<T>> {
      const leftMs = Math.min(ctx.budgetMs, wholeMs - (performance.now() - startedAt));
      if (limits.goesLocal || leftMs < LEAST_MS) return late(limits);
      return askWithin(language, request, { ...ctx, account }, leftMs, limits);
    },
  };
}

async function askWithin<T>(
  language: Language,
  request: LanguageRequest<T>,
  ctx: LanguageContext,
  leftMs: number,
  limits: LanguageLimits,
): Promise<LanguageAnswer<T>> {
  const over = new AbortController();
  const left = Promise.withResolvers<LanguageAnswer<T>>();
  const startedAt = performance.now();
  const timer = setTimeout(() => {
    left.resolve(late(limits));
    over.abort(new Error('the time of the step is used up'));
  }, leftMs + PATIENCE_MS);
  const signal = AbortSignal.any([ctx.signal, over.signal]);
  const asked = language.ask(request, {
    ...ctx,
    signal,
    budgetMs: leftMs,
    ...(ctx.onPartial === undefined
      ? {}
      : {
          onPartial: (partial: unknown) => {
            if (!over.signal.aborted) ctx.onPartial!(partial);
          },
        }),
  });
  // Left behind, it may end as it likes.
  asked.catch(() => undefined);
  try {
    const answer = await Promise.race([asked, left.promise]);
    const isOver = performance.now() - startedAt >= leftMs;
    return !answer.ok && answer.reason === 'provider_error' && isOver
      ? { ...answer, ...late(limits) }
      : answer;
  } finally {
    clearTimeout(timer);
  }
}

function late({ isFast }: LanguageLimits): { ok: false; reason: 'sla_fallback' | 'provider_error' } {
  return { ok: false, reason: isFast ? 'sla_fallback' : 'provider_error' };
}
