import { expect, test } from 'vitest';
import { z } from 'zod';
import { languageOfStep } from '../../../src/agents/step-language.ts';
import type { Language, LanguageContext, LanguageRequest } from '../../../src/models/language.ts';

const REQUEST: LanguageRequest<string> = {
  name: 'word',
  system: 'Say a word.',
  context: null,
  player: '',
  output: z.string(),
  temperature: 0,
};

/** Refuses everything and remembers how it was asked. */
function listener(): Language & { readonly asked: LanguageContext[] } {
  const asked: LanguageContext[] = [];
  return {
    asked,
    async ask(_request, ctx) {
      asked.push(ctx);
      return { ok: false, reason: 'provider_error' };
    },
  };
}

test('no models stay no models', () => {
  expect(languageOfStep(null, { account: {}, timeoutMs: 1000 })).toBeNull();
});

test('a question is on the account of its step, and ends early enough for an answer without models', async () => {
  const language = listener();
  const account = { workflow: 'tale', user: 'ann' };
  const { signal } = new AbortController();
  const onPartial = (): void => undefined;
  const ofStep = languageOfStep(language, { account, timeoutMs: 10_000 })!;
  await ofStep.ask(REQUEST, { signal, budgetMs: 60_000, onPartial });
  expect(language.asked[0]).toMatchObject({ account, signal, onPartial });
  expect(language.asked[0]!.budgetMs).toBeLessThanOrEqual(9_700);
  expect(language.asked[0]!.budgetMs).toBeGreaterThan(0);
});

test('a question that asks for less time gets no more', async () => {
  const language = listener();
  const ofStep = languageOfStep(language, { account: {}, timeoutMs: 600_000 })!;
  await ofStep.ask(REQUEST, { signal: new AbortController().signal, budgetMs: 250 });
  expect(language.asked[0]!.budgetMs).toBe(250);
});

test('of a short step, a tenth is kept back', async () => {
  const language = listener();
  const ofStep = languageOfStep(language, { account: {}, timeoutMs: 500 })!;
  await ofStep.ask(REQUEST, { signal: new AbortController().signal, budgetMs: 500 });
  expect(language.asked[0]!.budgetMs).toBeLessThanOrEqual(450);
});
