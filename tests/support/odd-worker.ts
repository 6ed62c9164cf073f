import type { NgaInput } from '../../src/contracts/narrative.ts';
import { agentsWith, untilAbort } from './harness.ts';
import { serveWorkers } from './worker-process.ts';

/**
 * The command line of the product with a narrator that obeys the player: at "hang" it never answers, at "die" it
 * takes its process with it. Only `worker` is served.
 */
const agents = agentsWith({
  async nga(input, ctx, agent) {
    const { player_text: text } = input as NgaInput;
    if (text.includes('die')) process.kill(process.pid, 'SIGKILL');
    if (text.includes('hang')) return untilAbort(ctx.signal);
    return agent.run(input, ctx);
  },
});

await serveWorkers({ agents });
