import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { languageInBudget, type LanguageLimits } from '../../../src/agents/language-in-budget.ts';
import type { Language, LanguageAnswer, LanguageContext } from '../../../src/models/language.ts';

const request = {
  name: 'story',
  system: 'Tell.',
  context: {},
  player: 'look',
  output: z.string(),
  temperature: 0,
};
const said = {
  ok: true,
  value: 'Rain.',
  provider: 'main',
  model: 'm',
  usage: { input_tokens: 1, output_tokens: 1 },
};

/** Answers as it is told, and keeps what it was asked with. */
function scripted(answer: (ctx: LanguageContext) => Promise<LanguageAnswer<unknown>>) {
  const asked: LanguageContext[] = [];
  const language: Language = {
    ask: <T>(_: unknown, ctx: LanguageContext) => {
      asked.push(ctx);
      return answer(ctx) as Promise<LanguageAnswer<T>>;
    },
  };
  return { asked, language };
}

const limited = (limits: Partial<LanguageLimits>): LanguageLimits => ({
  account: {},
  budgetMs: 30_000,
  cutMs: 60_000,
  isFast: true,
  goesLocal: false,
  ...limits,
});

const never = (): Promise<never> => new Promise(() => undefined);
const ctx = (budgetMs = 60_000): LanguageContext => ({ signal: new AbortController().signal, budgetMs });

describe('a language in its budget', () => {
  test('is nothing where there is none, which is no degradation', () => {
    expect(languageInBudget(null, limited({ goesLocal: true }))).toBeNull();
  });

  test('answers what the model says in time, and tells it how much time there is', async () => {
    const { asked, language } = scripted(async () => said as LanguageAnswer<unknown>);
    const bound = languageInBudget(language, limited({}))!;
    expect(await bound.ask(request, ctx())).toEqual(said);
    expect(asked[0]!.budgetMs).toBeLessThanOrEqual(30_000);
    expect(asked[0]!.budgetMs).toBeGreaterThan(20_000);
  });

  test('leaves a model that hangs and heeds nothing, tells it to stop, and hears no more of it', async () => {
    const { asked, language } = scripted(never);
    const partials: unknown[] = [];
    const bound = languageInBudget(language, limited({ budgetMs: 60 }))!;
    const answer = await bound.ask(request, { ...ctx(), onPartial: (partial) => partials.push(partial) });
    expect(answer).toEqual({ ok: false, reason: 'sla_fallback' });
    expect(asked[0]!.signal.aborted).toBe(true);
    asked[0]!.onPartial!('too late');
    expect(partials).toEqual([]);
  });

  test('calls it the response time target that ended it, also when the model gives up by itself', async () => {
    const { language } = scripted(
      ({ budgetMs }) =>
        new Promise((resolve) =>
          setTimeout(
            () =>
              resolve({ ok: false, reason: 'provider_error', usage: { input_tokens: 3, output_tokens: 0 } }),
            budgetMs + 2,
          ),
        ),
    );
    const bound = languageInBudget(language, limited({ budgetMs: 60 }))!;
    expect(await bound.ask(request, ctx())).toEqual({
      ok: false,
      reason: 'sla_fallback',
      usage: { input_tokens: 3, output_tokens: 0 },
    });
  });

  test('passes on why a model did not answer when there was time left', async () => {
    const { language } = scripted(async () => ({ ok: false, reason: 'circuit_open:provider.main' }));
    const bound = languageInBudget(language, limited({}))!;
    expect(await bound.ask(request, ctx())).toEqual({ ok: false, reason: 'circuit_open:provider.main' });
  });

  test.each([
    { name: 'when the run would be late', limits: { goesLocal: true } },
    { name: 'when no time is left', limits: { budgetMs: 0 } },
  ])('asks nobody $name', async ({ limits }) => {
    const { asked, language } = scripted(never);
    const bound = languageInBudget(language, limited(limits))!;
    expect(await bound.ask(request, ctx())).toEqual({ ok: false, reason: 'sla_fallback' });
    expect(asked).toEqual([]);
  });

  test('ends a little before its step is cut short where the run takes its time, so that the step can answer', async () => {
    const { asked, language } = scripted(never);
    const bound = languageInBudget(language, limited({ budgetMs: 200, cutMs: 200, isFast: false }))!;
    expect(await bound.ask(request, ctx(200))).toEqual({ ok: false, reason: 'provider_error' });
    expect(asked[0]!.budgetMs).toBeLessThanOrEqual(180);
  });

  test('keeps back what an answer without models takes, and no more', async () => {
    const { asked, language } = scripted(async () => said as LanguageAnswer<unknown>);
    const bound = languageInBudget(language, limited({ budgetMs: 10_000, cutMs: 10_000, isFast: false }))!;
    await bound.ask(request, ctx());
    expect(asked[0]!.budgetMs).toBeLessThanOrEqual(9_700);
    expect(asked[0]!.budgetMs).toBeGreaterThan(5_000);
  });

  test('is asked on the account of its step, and gets no more time than was asked for', async () => {
    const { asked, language } = scripted(async () => said as LanguageAnswer<unknown>);
    const account = { workflow: 'tale', user: 'ann' };
    await languageInBudget(language, limited({ account }))!.ask(request, ctx(250));
    expect(asked[0]).toMatchObject({ account });
    expect(asked[0]!.budgetMs).toBeLessThanOrEqual(250);
  });

  test('ends with the signal of its caller', async () => {
    const caller = new AbortController();
    const { language } = scripted(
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    );
    const bound = languageInBudget(language, limited({}))!;
    const asked = bound.ask(request, { signal: caller.signal, budgetMs: 30_000 });
    caller.abort(new Error('shutdown'));
    await expect(asked).rejects.toThrow('shutdown');
  });
});
