import { IpaInput, IpaOutput } from '../../contracts/intent.ts';
import type { JobScreen } from '../../safety/screening/screen-job.ts';
import type { Agent } from '../agent.ts';
import { understand } from './refine.ts';

export interface InputProcessorOptions {
  /** Judges the player's text; null: nobody does. */
  readonly screen?: JobScreen | null;
}

/**
 * The input processor: player text in, intent with actions and entities out. Rules, a few milliseconds at most; a
 * language model is asked only where the rules are in doubt and one is configured.
 *
 * What the text shows of its player is written beside what it means. A crisis that nobody answered before is answered
 * here, and no model hears of it.
 *
 * Source: spec, workflows 3.1, safety 11
 */
export function createInputProcessor({ screen = null }: InputProcessorOptions = {}): Agent<
  typeof IpaInput,
  typeof IpaOutput
> {
  return {
    name: 'ipa',
    input: IpaInput,
    output: IpaOutput,
    async run(input, ctx) {
      ctx.signal.throwIfAborted();
      if (screen === null) return understand(input, ctx);
      const validation = screen.validate(input.text);
      if (!validation.crisis_detected) {
        return { ...(await understand(input, ctx)), therapeutic_validation: validation };
      }
      const { sessionId, userId } = ctx.player ?? {};
      const care = await screen.answer(input.text, { key: ctx.idempotencyKey, sessionId, userId });
      return {
        ...(await understand(input, { ...ctx, language: null })),
        therapeutic_validation: validation,
        ...(care === null ? {} : { short_circuit: care }),
      };
    },
  };
}

export const ipa = createInputProcessor();
