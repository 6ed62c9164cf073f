import { z } from 'zod';
import type { Agent } from '../../src/agents/agent.ts';
import type { AgentName } from '../../src/contracts/agent-type.ts';
import type { NgaInput, NgaOutput } from '../../src/contracts/narrative.ts';
import type { Language, LanguageAnswer, LanguageContext } from '../../src/models/language.ts';
import { agentsWith } from './harness.ts';

/** A narrator that asks its model and tells locally what it does not answer, as an agent with models does. */
export function talkingNarrator(): ReadonlyMap<AgentName, Agent> {
  return agentsWith({
    async nga(input, ctx, agent) {
      const told = (await agent.run(input, { ...ctx, language: null })) as NgaOutput;
      if (ctx.language === null) return told;
      const { budgetMs, signal } = ctx;
      const answer = await ctx.language.ask(questionOf(input as NgaInput), { signal, budgetMs });
      return answer.ok
        ? { ...told, story: answer.value, source: 'llm', provider: answer.provider, model: answer.model }
        : { ...told, degraded: true, degraded_reasons: [answer.reason] };
    },
  });
}

function questionOf(input: NgaInput) {
  return {
    name: 'story',
    system: 'Tell.',
    context: {},
    player: input.player_text,
    output: z.string(),
    temperature: 0.7,
  };
}

/** A model for the narrator alone. */
export function languageOf(
  answer: (ctx: LanguageContext) => Promise<LanguageAnswer<unknown>>,
): ReadonlyMap<AgentName, Language> {
  // The answer is what the question's schema wants: a text.
  const language: Language = {
    ask: <T>(_: unknown, ctx: LanguageContext) => answer(ctx) as Promise<LanguageAnswer<T>>,
  };
  return new Map([['nga', language]]);
}

export const MODEL_STORY =
  'Rain begins to fall on the clearing, said the model, and the path north grows dark and quiet.';
export function saying(story = MODEL_STORY): LanguageAnswer<unknown> {
  return {
    ok: true,
    value: story,
    provider: 'main',
    model: 'm',
    usage: { input_tokens: 1, output_tokens: 1 },
  };
}
