// A process that runs agents and may be killed at any moment:
//   node tests/support/supervised-process.ts '{"url":"redis://…","prefix":"test-1","agents":["b1"]}'
// It writes one JSON line when it is ready, and notes each message it handled in a list of Redis.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { HealthReport } from '../../src/coordination/agents/agent.ts';
import { AgentRegistry } from '../../src/coordination/agents/registry.ts';
import { MessageCoordinator } from '../../src/coordination/messages/coordinator.ts';
import { openCoordinationCore } from '../../src/coordination/open-core.ts';
import { moveMessages } from '../../src/coordination/scripts/move-messages.ts';
import type { SupervisionOptions } from '../../src/coordination/supervision/settings.ts';
import { Supervisor } from '../../src/coordination/supervision/supervisor.ts';

export interface SupervisedTask {
  readonly url: string;
  readonly prefix: string;
  /** Instances of `bob`. */
  readonly agents: readonly string[];
  /** It never comes to an end with a message. */
  readonly hangs?: boolean;
  /** It takes so long with a message. */
  readonly takesMs?: number;
  /** It says that it is not healthy. */
  readonly isIll?: boolean;
  readonly ttlMs?: number;
  readonly supervision?: SupervisionOptions;
  /** Die instead of moving the batch of messages of this number. */
  readonly dieAtBatch?: number;
}

const task = JSON.parse(process.argv[2] ?? '{}') as SupervisedTask;
const { url, prefix, ttlMs = 1000 } = task;

if (task.dieAtBatch !== undefined) {
  let batches = 0;
  // oxlint-disable-next-line unbound-method -- it is called with the client it was called on
  const send = Redis.prototype.sendCommand;
  Redis.prototype.sendCommand = function dying(...args: Parameters<typeof send>) {
    const [command] = args;
    if (command.name === 'evalsha' && command.args[0] === moveMessages.sha) batches += 1;
    if (batches < task.dieAtBatch!) return send.apply(this, args);
    process.kill(process.pid, 'SIGKILL');
    // The signal arrives in a moment; until then nothing is sent any more.
    return new Promise(() => {});
  };
}

const redis = new Redis(url);
const core = openCoordinationCore({ connection: url, keyPrefix: prefix });
const messaging = { visibilityTimeoutMs: 1000, sweepIntervalMs: 200 };
const coordinator = new MessageCoordinator({ connection: url, keyPrefix: prefix, messaging });
const registry = new AgentRegistry(core, {
  heartbeatTtlMs: ttlMs,
  heartbeatIntervalMs: Math.ceil(ttlMs / 4),
  lossDetectionIntervalMs: 100,
});
const supervisor = new Supervisor(
  core,
  { registry, coordinator, onHopeless: () => process.exit(1) },
  { failureDetectionIntervalMs: 100, handoverIntervalMs: 200, ...task.supervision },
);

for (const instance of task.agents)
  await supervisor.run({
    type: 'bob',
    instance,
    concurrency: 1,
    process: async (payload, { message, signal }) => {
      if (task.hangs === true) await sleep(600_000, undefined, { signal });
      if (task.takesMs !== undefined) await sleep(task.takesMs);
      const { message_id, priority, sender } = message!;
      await redis.rpush(
        `${prefix}:handled`,
        JSON.stringify({ by: instance, message_id, priority, sender, payload }),
      );
      return undefined;
    },
    healthCheck: async (): Promise<HealthReport> =>
      task.isIll === true ? { status: 'unhealthy', reason: 'ill' } : { status: 'healthy' },
  });
registry.start();
supervisor.start();
process.stdout.write('"ready"\n');

await once(process, 'SIGTERM');
await supervisor.stop({ graceMs: 5000 });
await registry.close();
await coordinator.close();
await core.close();
await redis.quit();
