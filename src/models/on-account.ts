import type { CallAccount, Language } from './language.ts';

/** The same models, asked on somebody's account: it appears in reports of costs, the answers are no others. */
export function onAccountOf(language: Language, account: CallAccount): Language {
  return { ask: (request, ctx) => language.ask(request, { ...ctx, account }) };
}
