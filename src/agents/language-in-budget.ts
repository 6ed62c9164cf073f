import type { Language, LanguageAnswer, LanguageContext, LanguageRequest } from '../models/language.ts';

/** No model answers faster. */
const LEAST_MS = 25;
/** Of the time that cuts a step short: the rest is for answering without a model. */
const OF_THE_WHOLE = 0.95;
/** A provider that does not keep to its time is left behind after so much more. */
const PATIENCE_MS = 25;

export interface LanguageLimits {
  /** What the attempt plans with. */
  readonly budgetMs: number;
  /** Whether that is a share of the response time target; else it is what cuts the step short. */
  readonly isFast: boolean;
  /** No model is asked at all. */
  readonly goesLocal: boolean;
}

/**
 * The models of an agent for one attempt, which never keep it longer than its time: what takes longer is no answer, for
 * the reason `sla_fallback` where the response time target ended it. A provider that does not heed its signal is left
 * alone.
 */
export function languageInBudget(language: Language | null, limits: LanguageLimits): Language | null {
  if (language === null) return null;
  const startedAt = performance.now();
  const wholeMs = limits.isFast ? limits.budgetMs : limits.budgetMs * OF_THE_WHOLE;
  return {
    async ask<T>(request: LanguageRequest<T>, ctx: LanguageContext): Promise<LanguageAnswer<T>> {
      const leftMs = Math.min(ctx.budgetMs, wholeMs - (performance.now() - startedAt));
      if (limits.goesLocal || leftMs < LEAST_MS) return late(limits);
      return askWithin(language, request, ctx, leftMs, limits);
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
