// An agent of your own as a step: node examples/agent-in-a-workflow.ts [API address [Redis address [key prefix]]]
// A worker of its own runs agents/letter-counter.ts; the fleet knew nothing of it before.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect } from './connect.ts';

const fleet = connect();
const [, , , redisUrl = 'redis://127.0.0.1:6379/0', keyPrefix = 'ao'] = process.argv;
const ao = join(import.meta.dirname, '../src/cli/main.ts');
const module = join(import.meta.dirname, 'agents/letter-counter.ts');

const worker = spawn(process.execPath, [ao, 'worker', '--module', module, '--json'], {
  env: {
    ...process.env,
    AO_REDIS__URL: redisUrl,
    AO_REDIS__KEY_PREFIX: keyPrefix,
    AO_METRICS__PORT: '0',
    AO_LOG__LEVEL: 'error',
  },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  // It says so when it is ready.
  await once(createInterface({ input: worker.stdout }), 'line');
  const name = `counted_${process.pid}`;
  await fleet.putDefinition({ name, agent_sequence: [{ agent: 'ipa' }, { agent: 'letter_counter' }] });
  const started = await fleet.startRun(name, { input: { text: 'go north' } });
  if (started.done) throw new Error('without wait_ms the answer comes before the end');
  const run = await fleet.waitForRun(started.accepted.run_id, { signal: AbortSignal.timeout(30_000) });
  const { results } = run.output as {
    results: { ipa: { intent: string }; letter_counter: { letters: number } };
  };
  console.log(`${run.status}: ${results.ipa.intent}, ${results.letter_counter.letters} letters`);
  const { workers } = await fleet.getQueue('letter_counter');
  console.log(`the queue letter_counter has ${workers} worker`);
  await fleet.deleteDefinition(name);
} finally {
  worker.kill('SIGTERM');
  await once(worker, 'exit');
}
