// A process that runs one agent, or looks for lost ones, and may be killed at any moment:
//   node tests/support/agent-process.ts '{"url":"redis://…","prefix":"…","type":"bob","instance":"b1"}'
// It writes one JSON line per report, and ends in good order at SIGTERM.
import { AgentRegistry } from '../../src/coordination/agents/registry.ts';
import { openCoordinationCore } from '../../src/coordination/open-core.ts';
import { isFleetError } from '../../src/kernel/errors.ts';

export interface AgentTask {
  readonly url: string;
  readonly prefix: string;
  readonly ttlMs: number;
  /** Nothing: it only looks. */
  readonly instance?: string;
}

const task = JSON.parse(process.argv[2] ?? '{}') as AgentTask;
const report = (what: string, value: unknown = null): void =>
  void process.stdout.write(`${JSON.stringify({ what, value })}\n`);

const core = openCoordinationCore({ connection: task.url, keyPrefix: task.prefix });
const registry = new AgentRegistry(
  core,
  {
    heartbeatTtlMs: task.ttlMs,
    heartbeatIntervalMs: Math.floor(task.ttlMs / 5),
    lossDetectionIntervalMs: 50,
  },
  {
    onSuperseded: async ({ id }) => report('superseded', await registry.deregister(id)),
  },
);
// Nothing else keeps it alive.
const staying = setInterval(() => undefined, 60_000);
process.once('SIGTERM', () => {
  clearInterval(staying);
  void registry.close().then(() => core.close());
});

registry.start();
if (task.instance === undefined) report('looking');
else {
  let lives = 1;
  try {
    const { registrationId } = await registry.register({
      type: 'bob',
      instance: task.instance,
      process: async () => undefined,
      exportState: () => ({ lives }),
      importState: async (state) => {
        lives = (state as { lives: number }).lives + 1;
      },
    });
    await registry.heartbeat();
    report('registered', { registrationId, lives });
  } catch (error) {
    report('refused', isFleetError(error) ? { code: error.code, details: error.details } : String(error));
    process.exit(1);
  }
}
