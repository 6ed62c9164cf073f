import { IpaInput, IpaOutput } from '../../contracts/intent.ts';
import type { Agent } from '../agent.ts';
import { parseText } from './parse.ts';

/**
 * The input processor: player text in, intent with actions and entities out. Rules only, no I/O, a few
 * milliseconds at most.
 *
 * Source: spec, workflows 3.1
 */
export const ipa: Agent<typeof IpaInput, typeof IpaOutput> = {
  name: 'ipa',
  input: IpaInput,
  output: IpaOutput,
  async run(input, ctx) {
    ctx.signal.throwIfAborted();
    return parseText(input.text, input.view ?? null, input.last_entity ?? null);
  },
};
