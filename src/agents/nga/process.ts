import { NgaInput, NgaOutput } from '../../contracts/narrative.ts';
import type { Agent } from '../agent.ts';
import { narrate } from './narrate.ts';

/**
 * The narrative generator: intent and world in, a short story with choices out. The local narrator is a
 * grammar of parts, deterministic and without I/O.
 *
 * Source: spec, workflows 3.3
 */
export const nga: Agent<typeof NgaInput, typeof NgaOutput> = {
  name: 'nga',
  input: NgaInput,
  output: NgaOutput,
  async run(input, ctx) {
    ctx.signal.throwIfAborted();
    return narrate(input);
  },
};
