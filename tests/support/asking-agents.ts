import { z } from 'zod';
import type { Agent, AgentContext } from '../../src/agents/agent.ts';
import type { AgentName } from '../../src/contracts/agent-type.ts';
import type { NgaInput, NgaOutput } from '../../src/contracts/narrative.ts';
import type { LanguageAnswer } from '../../src/models/language.ts';
import { agentsWith } from './harness.ts';

export const Line = z.strictObject({ line: z.string().min(20).max(400) });
export type Line = z.output<typeof Line>;

export const SYSTEM = 'You say one line of a tale.';

export interface AskingOptions {
  /** Default: what the step has. */
  readonly budgetMs?: number;
  /** Asks for the answer piece by piece. */
  readonly isStreamed?: boolean;
  readonly onAnswer?: (answer: LanguageAnswer<Line>) => void;
  /** Runs when the answer is there, before the step is recorded. */
  readonly afterwards?: (ctx: AgentContext) => void;
}

/** The product's agents, of which only the narrator asks, once, for its first line, wherever there is a model. */
export function askingAgents(options: AskingOptions = {}): ReadonlyMap<AgentName, Agent> {
  return agentsWith({
    ipa: (input, ctx, agent) => agent.run(input, { ...ctx, language: null }),
    wba: (input, ctx, agent) => agent.run(input, { ...ctx, language: null }),
    async nga(input, ctx, agent) {
      const { player_text: player, turn } = input as NgaInput;
      const told = (await agent.run(input, { ...ctx, language: null })) as NgaOutput;
      const { language, signal } = ctx;
      if (language === null) return told;
      const answer = await ctx.memo('line', () =>
        language.ask(
          { name: 'line', system: SYSTEM, context: { turn }, player, output: Line, temperature: 0.7 },
          {
            signal,
            budgetMs: options.budgetMs ?? ctx.budgetMs,
            ...(options.isStreamed === true ? { onPartial: () => undefined } : {}),
          },
        ),
      );
      options.onAnswer?.(answer);
      options.afterwards?.(ctx);
      if (!answer.ok) return { ...told, degraded: true, degraded_reasons: [answer.reason] };
      const { value, provider, model, usage } = answer;
      const story = `${value.line} ${told.story}`;
      return { ...told, story, source: 'llm', provider, model, usage, degraded: false };
    },
  });
}
