import { IpaInput, IpaOutput } from '../../contracts/intent.ts';
import type { Agent } from '../agent.ts';
import { understand } from './refine.ts';

/**
 * The input processor: player text in, intent with actions and entities out. Rules, a few milliseconds at most; a
 * language model is asked only where the rules are in doubt and one is configured.
 *
 * Source: spec, workflows 3.1
 */
export const ipa: Agent<typeof IpaInput, typeof IpaOutput> = {
  name: 'ipa',
  input: IpaInput,
  output: IpaOutput,
  async run(input, ctx) {
    ctx.signal.throwIfAborted();
    return understand(input, ctx);
  },
};
