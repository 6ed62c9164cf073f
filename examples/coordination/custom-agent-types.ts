// Any name is a type of agents: node examples/coordination/custom-agent-types.ts [Redis address [key prefix]]
// Two of them share the work, say what they can do, and one remembers what it did when it comes back.
import { createCoordination, type CoordinatedAgent } from '../../src/entries/coordination.ts';

const [, , connection = 'redis://127.0.0.1:6379/0', keyPrefix = 'example'] = process.argv;
const type = 'my-custom_Type1';

class Counter implements CoordinatedAgent {
  readonly type = type;
  readonly instance: string;
  readonly capabilities = [{ name: 'word_count', type: 'analysis', version: '1.2.0', tags: ['text'] }];
  words = 0;

  constructor(instance: string) {
    this.instance = instance;
  }

  async process({ text }: { text?: unknown }) {
    const words = String(text).split(' ').length;
    this.words += words;
    return { words, by: this.instance };
  }

  exportState() {
    return { words: this.words };
  }

  async importState(state: unknown) {
    if (typeof state === 'object' && state !== null && 'words' in state) this.words = Number(state.words);
  }
}

async function ask(text: string, id: string): Promise<void> {
  await using coordination = createCoordination({ connection, keyPrefix });
  const counters = [new Counter('a'), new Counter('b')];
  for (const counter of counters) await coordination.runAgent(counter);
  await Promise.all(counters.map(({ instance }) => coordination.discovery.settled(`${type}:${instance}`)));

  const { matches } = await coordination.capabilities.discover({
    capability_name: 'word_count',
    min_version: '1.0.0',
  });
  console.log(`can count words: ${matches.map(({ agent_id }) => agent_id).join(', ')}`);

  // No instance is named: the router chooses who has least to do.
  const { payload } = await coordination.coordinator.request({
    message_id: id,
    sender: { type: 'caller', instance: `c-${id}` },
    recipient: { type },
    message_type: 'request',
    payload: { text },
  });
  console.log(
    `${JSON.stringify(payload['words'])} words, ${counters.reduce((sum, { words }) => sum + words, 0)} so far`,
  );
}

await ask('the quick brown fox', 'count-1');
await ask('jumps over', 'count-2');
