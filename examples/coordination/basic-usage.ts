// Agents that answer, listen and fail: node examples/coordination/basic-usage.ts [Redis address [key prefix]]
import { createAgentId, createCoordination, PermanentFailure } from '../../src/entries/coordination.ts';

const [, , connection = 'redis://127.0.0.1:6379/0', keyPrefix = 'example'] = process.argv;
await using coordination = createCoordination({ connection, keyPrefix });
const { coordinator } = coordination;

const me = createAgentId('visitor', 'v1');
const greeter = createAgentId('greeter', 'g1');
const heard = Promise.withResolvers<string>();

await coordination.runAgent({
  type: 'greeter',
  instance: 'g1',
  async process({ name }, { message }) {
    if (message?.message_type === 'event') heard.resolve(message.routing.topic ?? '');
    if (message?.message_type === 'request' && typeof name !== 'string')
      throw new PermanentFailure('a greeting needs a name');
    return { text: `hello ${typeof name === 'string' ? name : ''}` };
  },
});

// A question, and its answer.
const question = { sender: me, recipient: greeter, message_type: 'request' } as const;
const answer = await coordinator.request({ ...question, message_id: 'ask-ann-1', payload: { name: 'Ann' } });
console.log(answer.payload['text']);

// An event goes to whoever asked for its topic.
await coordinator.subscribe(greeter, ['event'], { topic: 'weather' });
const [told] = await coordinator.publish({
  message_id: 'rain-0001',
  sender: me,
  recipient: greeter,
  message_type: 'event',
  routing: { topic: 'weather' },
});
console.log(`delivered: ${told?.delivered}, heard of: ${await heard.promise}`);

// What cannot be handled becomes a dead letter, with the reason.
const given = { ...question, message_id: 'ask-nobody' };
await coordinator.request(given, { timeoutMs: 500 }).catch((error: Error) => console.log(error.message));
for (const { letter } of await coordinator.listDeadLetters(greeter)) {
  console.log(`dead: ${letter.reason}, ${'message' in letter ? letter.last_error : ''}`);
}
await coordinator.purge(greeter);
