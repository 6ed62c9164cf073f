// A process that does one thing with mailboxes and may be killed at any moment, even by itself:
//   node tests/support/mailbox-process.ts '{"role":"nacker", …}'
// It writes one JSON line per report.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { MessageCoordinator } from '../../src/coordination/messages/coordinator.ts';
import type { MessagingOptions } from '../../src/coordination/messages/settings.ts';

export interface MailboxTask {
  readonly url: string;
  readonly prefix: string;
  readonly role: 'sender' | 'nacker' | 'holder' | 'once';
  readonly messaging?: MessagingOptions;
  /** sender: how many, at once. */
  readonly count?: number;
  /** once: what to do. */
  readonly action?: 'send' | 'nack' | 'replay' | 'recover' | 'move' | 'consume';
  readonly id?: string;
  /** Die instead of sending the command of this number, counted from the beginning of the action. */
  readonly dieAt?: number;
}

// Spelled out here: a process that imports little starts quickly.
const BOB = { type: 'bob', instance: 'b1' };
const BEN = { type: 'bob', instance: 'b2' };
const message = (message_id: string = `id-${randomUUID()}`) => ({
  message_id,
  sender: { type: 'anna' },
  recipient: BOB,
  message_type: 'event' as const,
});

const task = JSON.parse(process.argv[2] ?? '{}') as MailboxTask;
const coordinator = new MessageCoordinator({
  connection: task.url,
  keyPrefix: task.prefix,
  messaging: { sweepIntervalMs: 60_000, ...task.messaging },
});

const report = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
const QUIET = new Set(['info', 'hello', 'client', 'select', 'bzpopmin']);

/** Counts commands, and ends this process in place of one of them. */
function armKillPoint(dieAt: number): () => number {
  let commands = 0;
  // oxlint-disable-next-line unbound-method -- it is called with the client it was called on
  const send = Redis.prototype.sendCommand;
  Redis.prototype.sendCommand = function dying(...args: Parameters<typeof send>) {
    if (!QUIET.has(args[0].name)) {
      commands += 1;
      if (commands === dieAt) process.kill(process.pid, 'SIGKILL');
      // The signal arrives in a moment; until then nothing is sent any more.
      if (commands >= dieAt) return new Promise(() => {});
    }
    return send.apply(this, args);
  };
  return () => commands;
}

async function act(): Promise<unknown> {
  const { action, id = '', dieAt = Infinity } = task;
  const received = action === 'nack' ? await coordinator.receive(BOB) : null;
  const commands = armKillPoint(dieAt);
  switch (action) {
    case 'send':
      await coordinator.send(message(id));
      break;
    case 'nack':
      await coordinator.nack(BOB, received!.token, { failure: 'permanent' });
      break;
    case 'replay':
      await coordinator.replay(BOB, id);
      break;
    case 'move':
      await coordinator.move(BOB, BEN);
      break;
    case 'consume':
      await consumeUntil(id);
      break;
    default:
      await coordinator.recoverPending(BOB);
  }
  return commands();
}

/** One after the other, until the message of this id is handled and acked. */
async function consumeUntil(id: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const consumer = coordinator.consume({ type: 'bob' }, ({ queue_message: { message: got } }) => {
    if (got.message_id === id) resolve();
  });
  await promise;
  await consumer.close();
}

async function main(): Promise<void> {
  switch (task.role) {
    case 'sender': {
      const sends = Array.from({ length: task.count ?? 1 }, () => coordinator.send(message()));
      report(await Promise.all(sends));
      break;
    }
    case 'nacker': {
      const loop = async (): Promise<void> => {
        for (;;) {
          const received = await coordinator.receive(BOB, { waitMs: 1000 });
          if (received !== null) await coordinator.nack(BOB, received.token, { failure: 'permanent' });
        }
      };
      report('ready');
      await Promise.all(Array.from({ length: 10 }, loop));
      break;
    }
    case 'holder':
      report((await coordinator.receive(BOB, { waitMs: 10_000 }))?.queue_message.message.message_id);
      await sleep(600_000);
      break;
    case 'once':
      report(await act());
  }
  await coordinator.close();
}

await main();
