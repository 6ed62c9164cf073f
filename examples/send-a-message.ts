// A message to an agent of your own: node examples/send-a-message.ts [API address [Redis address [key prefix]]]
// It is sent over HTTP, waits in the agent's mailbox, and is handled by a process that knows only where Redis is.
import { MessageCoordinator } from '../src/coordination/messages/coordinator.ts';
import { connect } from './connect.ts';

const fleet = connect();
const [, , , redisUrl = 'redis://127.0.0.1:6379/0', keyPrefix = 'ao'] = process.argv;
const greeter = { type: 'greeter', instance: `g${process.pid}` };

const sent = await fleet.sendMessage({
  message_id: `hello-${process.pid}`,
  sender: { type: 'example' },
  recipient: greeter,
  message_type: 'event',
  payload: { text: 'hello' },
});
const { counts } = await fleet.mailbox(greeter);
console.log(`delivered: ${sent.delivered}, waiting: ${counts.waiting}`);

await using coordinator = new MessageCoordinator({ connection: redisUrl, keyPrefix });
const { promise: isHandled, resolve } = Promise.withResolvers<void>();
const consumer = coordinator.consume(greeter, async ({ queue_message: { message } }) => {
  console.log(`${greeter.type} got: ${JSON.stringify(message.payload)}`);
  resolve();
});
await isHandled;
await consumer.close();

const { items } = await fleet.messageAudit({ messageId: sent.message_id });
console.log(
  items
    .map(({ event }) => event)
    .toReversed()
    .join(', '),
);
