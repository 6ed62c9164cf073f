import { FlowProducer, Worker, type FlowJob } from 'bullmq';
import { keptJobs, type Retention } from '../../queues/job-options.ts';
import { AGENTS } from '../../src/contracts/agent-type.ts';
import { closeRedis, connectRedis } from '../../src/redis/connect.ts';
import type { Subject } from './subject.ts';

/** Who does the steps of a run, and how its jobs hang together. */
export interface BareShape {
  readonly name: string;
  readonly steps: readonly string[];
  /** `chain`: each step below the next one; `fan`: all below the run job. */
  readonly form: 'chain' | 'fan';
}

export const THREE_STEPS: BareShape = { name: 'bare', steps: AGENTS, form: 'chain' };

/**
 * The ceiling: the same jobs of the same queues as a flow of plain BullMQ, whose processors do nothing. No record,
 * no results, no events, no metrics, no priorities.
 */
export async function startBareFlow(options: {
  readonly shape?: BareShape;
  readonly redisUrl: string;
  readonly prefix: string;
  readonly concurrency: number;
  readonly retention: Retention;
}): Promise<Subject> {
  const { prefix, concurrency, shape = THREE_STEPS } = options;
  const kept = keptJobs(options.retention);
  const open = (purpose: string) =>
    connectRedis({ url: options.redisUrl, name: `${prefix}:${purpose}`, onOutage: 'patient' });
  const producing = await open('flows');
  const working = await open('workers');
  const flows = new FlowProducer({ connection: producing, prefix });
  const workers = [...new Set(shape.steps), 'flow'].map(
    (name) => new Worker(name, async () => null, { connection: working, prefix, concurrency, ...kept }),
  );
  await Promise.all(workers.map((worker) => worker.waitUntilReady()));

  const subject: Subject = {
    name: shape.name,
    onCompleted: () => undefined,
    async add() {
      await flows.add({ name: 'run', queueName: 'flow', data: {}, opts: kept, children: below(shape, kept) });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([flows.close(), ...workers.map((worker) => worker.close())]);
      await Promise.all([producing, working].map(closeRedis));
    },
  };
  workers.at(-1)!.on('completed', () => subject.onCompleted());
  return subject;
}

function below({ steps, form }: BareShape, opts: FlowJob['opts']): FlowJob[] {
  const jobs = steps.map((name) => ({ name, queueName: name, data: {}, ...(opts && { opts }) }));
  if (form === 'fan') return jobs;
  let flow: FlowJob | undefined;
  for (const job of jobs) flow = { ...job, ...(flow && { children: [flow] }) };
  return flow === undefined ? [] : [flow];
}
