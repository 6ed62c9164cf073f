import { FlowProducer, Worker, type FlowJob } from 'bullmq';
import { keptJobs, type Retention } from '../../queues/job-options.ts';
import { closeRedis, connectRedis } from '../../src/redis/connect.ts';
import type { Subject } from './subject.ts';

const STEPS = ['ipa', 'wba', 'nga'] as const;

/**
 * The ceiling: the same four jobs of the same queues as a nested flow of plain BullMQ, whose processors do
 * nothing. No record, no results, no events, no metrics, no priorities.
 */
export async function startBareFlow(options: {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly concurrency: number;
  readonly retention: Retention;
}): Promise<Subject> {
  const { prefix, concurrency } = options;
  const kept = keptJobs(options.retention);
  const open = (purpose: string) =>
    connectRedis({ url: options.redisUrl, name: `${prefix}:${purpose}`, onOutage: 'patient' });
  const producing = await open('flows');
  const working = await open('workers');
  const flows = new FlowProducer({ connection: producing, prefix });
  const workers = [...STEPS, 'flow'].map(
    (name) => new Worker(name, async () => null, { connection: working, prefix, concurrency, ...kept }),
  );
  await Promise.all(workers.map((worker) => worker.waitUntilReady()));

  const subject: Subject = {
    name: 'bare',
    onCompleted: () => undefined,
    async add() {
      let flow: FlowJob | undefined;
      for (const name of STEPS) {
        const children = flow === undefined ? {} : { children: [flow] };
        flow = { name, queueName: name, data: {}, opts: kept, ...children };
      }
      await flows.add({ name: 'run', queueName: 'flow', data: {}, opts: kept, children: [flow!] });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([flows.close(), ...workers.map((worker) => worker.close())]);
      await Promise.all([producing, working].map(closeRedis));
    },
  };
  workers.at(-1)!.on('completed', () => subject.onCompleted());
  return subject;
}
