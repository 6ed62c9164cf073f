// An agent of a type of your own, to be run by a fleet: ./bin/ao worker --module examples/agents/letter-counter.ts
import type { CoordinatedAgent } from '../../src/entries/coordination.ts';

const counter: CoordinatedAgent = {
  type: 'letter_counter',
  version: '1.0.0',
  // It changes nothing: what a worker had begun that is gone may be begun again.
  idempotent: true,
  capabilities: [{ name: 'letter_count', type: 'analysis', version: '1.0.0' }],
  // The same work for a step of a workflow, a job of another service and a message.
  process: async ({ text }) => ({
    letters: typeof text === 'string' ? text.replaceAll(/\P{L}/gu, '').length : 0,
  }),
};

export default counter;
