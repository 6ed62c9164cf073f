// What happens when something fails: node examples/coordination/fault-tolerance.ts [Redis address [key prefix]]
// A circuit breaker, a retry, and an agent that is killed and whose messages another one finishes.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createCoordination } from '../../src/entries/coordination.ts';
import { CircuitOpenError, retry } from '../../src/entries/coordination-resilience.ts';

const [, , connection = 'redis://127.0.0.1:6379/0', keyPrefix = 'example', role] = process.argv;
// Short times, so that the example is: the defaults suit a network.
await using coordination = createCoordination({
  connection,
  keyPrefix,
  messaging: { visibilityTimeoutMs: 1000, sweepIntervalMs: 200 },
  agents: { heartbeatTtlMs: 1000, lossDetectionIntervalMs: 100 },
  supervision: { handoverIntervalMs: 100 },
});
const { coordinator, circuits } = coordination;

if (role === 'doomed') {
  await coordination.runAgent({
    type: 'courier',
    instance: 'doomed',
    concurrency: 1,
    async process() {
      process.send?.('busy');
      await new Promise(() => {}); // it never gets any further
    },
  });
  process.send?.('ready');
  await new Promise(() => {});
}

await coordination.start();

// 1. A call that fails now and then is repeated.
let calls = 0;
const word = await retry(
  async () => {
    calls += 1;
    if (calls < 3) throw new Error('not yet');
    return 'done';
  },
  { maxAttempts: 5, baseDelayMs: 10 },
);
console.log(`retry: ${word} after ${calls} calls`);

// 2. What fails again and again is left alone for a while, by all processes.
const circuit = circuits.get('post-office', { failure_threshold: 3, timeout_seconds: 1 });
for (let attempt = 0; attempt < 3; attempt += 1)
  await circuit.execute(async () => Promise.reject(new Error('closed'))).catch(() => {});
const refused = await circuit.execute(async () => 'never called').catch((error: unknown) => error);
console.log(`circuit: ${circuit.state()}, refused: ${refused instanceof CircuitOpenError}`);
await circuit.reset();

// 3. An agent dies with a message in its hands and others waiting.
const doomed = fork(import.meta.filename, [connection, keyPrefix, 'doomed']);
await once(doomed, 'message');
const letters = ['letter-1', 'letter-2', 'letter-3'];
for (const message_id of letters)
  await coordinator.send({
    message_id,
    sender: { type: 'sender' },
    recipient: { type: 'courier', instance: 'doomed' },
    message_type: 'event',
  });
await once(doomed, 'message');
doomed.kill('SIGKILL');
await once(doomed, 'exit');

const open = new Set(letters);
const { promise: finished, resolve } = Promise.withResolvers<void>();
await coordination.runAgent({
  type: 'courier',
  instance: 'second',
  async process(_payload, { message }) {
    if (message !== null) open.delete(message.message_id);
    if (open.size === 0) resolve();
  },
});
await finished;
console.log(`killed: the other courier finished ${letters.length} letters`);
