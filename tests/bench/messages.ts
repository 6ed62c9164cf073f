import { Queue, Worker } from 'bullmq';
import { MessageCoordinator } from '../../src/coordination/messages/coordinator.ts';
import { closeRedis, connectRedis } from '../../src/redis/connect.ts';
import { testPrefix } from '../support/redis.ts';
import { inParallel, median, quantile, spread, type Spread } from './statistics.ts';

export interface MessagesPlan {
  readonly rounds: number;
  readonly messagesPerRound: number;
  readonly latencySamples: number;
}

export const MESSAGE_SUBJECTS = ['bare BullMQ', 'consume', 'receive and ack'] as const;
type SubjectName = (typeof MESSAGE_SUBJECTS)[number];

export interface MessagesFigures {
  readonly rounds: number;
  readonly messagesPerRound: number;
  readonly perSecond: Readonly<Record<SubjectName, Spread>>;
  /** Over bare BullMQ of the same round. */
  readonly ratios: Readonly<Record<Exclude<SubjectName, 'bare BullMQ'>, Spread>>;
  /** From the beginning of a send to a receiver that waits, one at a time. */
  readonly idleMs: Readonly<Record<SubjectName, { readonly p50: number; readonly p99: number }>>;
}

/** Sends under way at once, and messages handled at once. */
const WIDTH = 100;
const AGENT = { type: 'bench' };
const PAYLOAD = { text: 'look around', nested: { numbers: [1, 2, 3] } };

/** Something that carries messages from one side to the other. */
interface Subject {
  send(id: string): Promise<void>;
  /** Called for each message that was handled, by its id. */
  onHandled: (id: string) => void;
  close(): Promise<void>;
}

/** Rounds of all in turn, in the opposite order every second time; the first round warms up. */
export async function measureMessages(redisUrl: string, plan: MessagesPlan): Promise<MessagesFigures> {
  const openers: Readonly<Record<SubjectName, () => Promise<Subject>>> = {
    'bare BullMQ': () => openBare(redisUrl),
    consume: () => openConsume(redisUrl),
    'receive and ack': () => openReceive(redisUrl),
  };
  const perSecond: Record<SubjectName, number[]> = { 'bare BullMQ': [], consume: [], 'receive and ack': [] };
  const idle: Record<SubjectName, number[]> = { 'bare BullMQ': [], consume: [], 'receive and ack': [] };
  const subjects = new Map<SubjectName, Subject>();
  for (const name of MESSAGE_SUBJECTS) subjects.set(name, await openers[name]());
  try {
    for (let round = -1; round < plan.rounds; round += 1) {
      const order = round % 2 === 0 ? MESSAGE_SUBJECTS : MESSAGE_SUBJECTS.toReversed();
      for (const name of order) {
        const rate = await throughput(subjects.get(name)!, plan.messagesPerRound, round);
        if (round >= 0) perSecond[name].push(rate);
      }
    }
    for (let sample = 0; sample < plan.latencySamples; sample += 1)
      for (const name of MESSAGE_SUBJECTS) idle[name].push(await latency(subjects.get(name)!, sample));
  } finally {
    await Promise.all([...subjects.values()].map((subject) => subject.close()));
  }
  const ratio = (name: SubjectName): Spread =>
    spread(perSecond[name].map((rate, round) => rate / perSecond['bare BullMQ'][round]!));
  const quantiles = (name: SubjectName) => ({
    p50: median(idle[name]),
    p99: quantile(idle[name], 0.99),
  });
  return {
    rounds: plan.rounds,
    messagesPerRound: plan.messagesPerRound,
    perSecond: {
      'bare BullMQ': spread(perSecond['bare BullMQ']),
      consume: spread(perSecond.consume),
      'receive and ack': spread(perSecond['receive and ack']),
    },
    ratios: { consume: ratio('consume'), 'receive and ack': ratio('receive and ack') },
    idleMs: {
      'bare BullMQ': quantiles('bare BullMQ'),
      consume: quantiles('consume'),
      'receive and ack': quantiles('receive and ack'),
    },
  };
}

async function throughput(subject: Subject, count: number, round: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let handled = 0;
  subject.onHandled = () => {
    handled += 1;
    if (handled === count) resolve();
  };
  const startedAt = performance.now();
  await inParallel(count, WIDTH, (index) => subject.send(`round-${round}-${index}`));
  await promise;
  return (count * 1000) / (performance.now() - startedAt);
}

async function latency(subject: Subject, sample: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  subject.onHandled = () => resolve();
  const startedAt = performance.now();
  await subject.send(`sample-${sample}`);
  await promise;
  return performance.now() - startedAt;
}

async function openBare(url: string): Promise<Subject> {
  const connection = await connectRedis({ url, name: 'bench', onOutage: 'patient' });
  const prefix = testPrefix();
  const queue = new Queue('bench', { connection, prefix });
  const subject: Subject = {
    onHandled: () => undefined,
    async send(id) {
      const options = { jobId: `m-${id}`, priority: 5, removeOnComplete: true };
      await queue.add('message', { message_id: id, payload: PAYLOAD }, options);
    },
    async close() {
      await worker.close(true);
      await queue.close();
      await closeRedis(connection);
    },
  };
  const worker = new Worker('bench', async (job) => subject.onHandled(job.id ?? ''), {
    connection,
    prefix,
    concurrency: WIDTH,
  });
  await worker.waitUntilReady();
  return subject;
}

function openCoordinator(url: string): { coordinator: MessageCoordinator; subject: Subject } {
  const coordinator = new MessageCoordinator({
    connection: url,
    keyPrefix: testPrefix(),
    messaging: { queueSize: 1_000_000 },
  });
  const subject: Subject = {
    onHandled: () => undefined,
    async send(message_id) {
      const message_type = 'event';
      await coordinator.send({ message_id, sender: AGENT, recipient: AGENT, message_type, payload: PAYLOAD });
    },
    close: () => coordinator.close(),
  };
  return { coordinator, subject };
}

async function openConsume(url: string): Promise<Subject> {
  const { coordinator, subject } = openCoordinator(url);
  await coordinator.start();
  coordinator.consume(AGENT, ({ queue_message }) => subject.onHandled(queue_message.message.message_id), {
    concurrency: WIDTH,
  });
  return subject;
}

async function openReceive(url: string): Promise<Subject> {
  const { coordinator, subject } = openCoordinator(url);
  await coordinator.start();
  const closing = new AbortController();
  const loop = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      const received = await coordinator.receive(AGENT, { waitMs: 1000 });
      if (received === null) continue;
      subject.onHandled(received.queue_message.message.message_id);
      await coordinator.ack(AGENT, received.token);
    }
  };
  const loops = Array.from({ length: WIDTH }, loop);
  const close = async (): Promise<void> => {
    closing.abort();
    await Promise.all(loops);
    await coordinator.close();
  };
  return Object.assign(subject, { close });
}
