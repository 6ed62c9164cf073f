// A process that runs one agent and advertises what it can do, until it is killed:
//   node tests/support/capability-process.ts '{"url":"redis://…","prefix":"…","instance":"w1","ttlMs":500}'
// It writes one line when that is done.
import { AgentRegistry } from '../../src/coordination/agents/registry.ts';
import { Capabilities } from '../../src/coordination/capabilities/capabilities.ts';
import { openCoordinationCore } from '../../src/coordination/open-core.ts';

export interface CapabilityTask {
  readonly url: string;
  readonly prefix: string;
  readonly instance: string;
  readonly ttlMs: number;
}

const task = JSON.parse(process.argv[2] ?? '{}') as CapabilityTask;
const core = openCoordinationCore({ connection: task.url, keyPrefix: task.prefix });
const registry = new AgentRegistry(core, {
  heartbeatTtlMs: task.ttlMs,
  heartbeatIntervalMs: Math.floor(task.ttlMs / 5),
});
const capabilities = new Capabilities({ core, directory: registry });
registry.attach(capabilities.hooks);

const { id } = await registry.register({
  type: 'weaver',
  instance: task.instance,
  process: () => Promise.resolve(),
});
await capabilities.register(id, { capabilities: [{ name: 'weave', type: 'generation', version: '1.0.0' }] });
process.stdout.write('advertised\n');
