import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { CoordinationValidationError } from '../../../src/coordination/errors.ts';
import { createCoordination } from '../../../src/coordination/create-coordination.ts';
import { MessageCoordinator } from '../../../src/coordination/messages/coordinator.ts';
import { MessagingSettings, reconfigured } from '../../../src/coordination/messages/settings.ts';

// Nothing is connected to: what is wrong is said before Redis is touched.
const nowhere = { connection: 'redis://127.0.0.1:1/0' };
const one = new MessageCoordinator({ ...nowhere, messaging: { maxPayloadBytes: 20 } });
const good = { type: 'good' };
const bad = { type: '1bad' };
const message = { message_id: 'short-1', sender: good, recipient: good, message_type: 'event' } as const;

async function pathsOf(work: () => unknown): Promise<string[]> {
  try {
    await work();
  } catch (error) {
    if (error instanceof CoordinationValidationError) return error.issues.map(({ path }) => path);
    throw error;
  }
  return [];
}

test.each<[string, () => unknown, string[]]>([
  [
    'send',
    () => one.send({ ...message, priority: 7 as 5, payload: { text: 'x'.repeat(20) } }),
    ['priority', 'payload'],
  ],
  [
    'sendMessage',
    () => one.sendMessage(bad, { type: 'other' }, { ...message, message_id: 'x' }),
    ['sender.type', 'recipient', 'message_id'],
  ],
  [
    'broadcast',
    () =>
      one.broadcast(
        { ...message, message_id: 'x' },
        Array.from({ length: 1001 }, () => good),
      ),
    ['message.message_id', 'recipients'],
  ],
  [
    'subscribe',
    () => one.subscribe(bad, [], { topic: '', nonsense: 1 } as object),
    ['agent_id.type', 'message_types', 'options.topic', 'options'],
  ],
  ['consume', () => one.consume(bad, () => {}, { concurrency: 0 }), ['agent_id.type', 'options.concurrency']],
  ['move', () => one.move(bad, bad, { messageIds: ['x'] }), ['from.type', 'to.type', 'options.messageIds.0']],
  [
    'listDeadLetters',
    () => one.listDeadLetters(bad, { limit: 501, offset: -1 }),
    ['agent_id.type', 'options.offset', 'options.limit'],
  ],
  ['purge', () => one.purge(bad, { olderThanMs: -1 }), ['agent_id.type', 'options.olderThanMs']],
])('%s says everything that is wrong at once', async (_, work, paths) => {
  expect((await pathsOf(work)).toSorted()).toEqual(paths.toSorted());
});

test('what is changed to nothing stays as it is', () => {
  const settings = MessagingSettings.parse({ queueSize: 7 });
  const changes = { queueSize: undefined, retryAttempts: 1 } as object;
  expect(reconfigured(settings, changes)).toEqual({ ...settings, retryAttempts: 1 });
});

test('a client with a key prefix of its own is refused where it is given', async () => {
  const connection = new Redis({ keyPrefix: 'mine:', lazyConnect: true });
  expect(await pathsOf(() => new MessageCoordinator({ connection }))).toEqual(['connection']);
  expect(await pathsOf(() => createCoordination({ connection }))).toEqual(['connection']);
  connection.disconnect();
});
