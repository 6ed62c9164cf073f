// A job from a service that knows nothing but BullMQ: node examples/plain-bullmq-producer.mjs [redis://… [prefix]]
// The contract is docs/job-contract.md. `ao dev` prints the address of its Redis when it starts.
import { Queue, QueueEvents } from 'bullmq';

const [, , url = 'redis://127.0.0.1:6379/0', prefix = 'ao'] = process.argv;
const options = { connection: { url }, prefix };
const queue = new Queue('ipa', options);
const events = new QueueEvents('ipa', options);

try {
  await events.waitUntilReady();
  const job = await queue.add(
    'understand',
    { v: 1, input: { text: 'take the lamp and go north' }, ctx: { correlation_id: 'order-4711' } },
    { priority: 105, attempts: 3, backoff: { type: 'ao' } },
  );
  const { intent, confidence, actions } = await outputOf(job);
  console.log(`${job.id}: ${intent} (${confidence}), ${actions.length} actions`);
} finally {
  await events.close();
  await queue.close();
}

/** BullMQ tells of the end by an event. One that comes before the listener reads is missed, so this looks again. */
async function outputOf(job) {
  for (let second = 0; second < 30; second++) {
    try {
      return await job.waitUntilFinished(events, 1000);
    } catch (error) {
      if (await job.isFailed()) throw error;
    }
  }
  throw new Error(`job ${job.id} has not ended within 30 s`);
}
