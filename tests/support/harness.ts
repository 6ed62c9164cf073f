import { randomBytes } from 'node:crypto';
import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import type { QueueName } from '../../queues/catalogue.ts';
import type { Agent } from '../../src/agents/agent.ts';
import type { AgentName } from '../../src/contracts/agent-type.ts';
import { LOCAL_OPERATOR } from '../../src/contracts/caller.ts';
import type { FleetOperations } from '../../src/contracts/operations.ts';
import type { RunEvent, RunEventType, RunView } from '../../src/contracts/run.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { createMetrics, type Metrics } from '../../src/observability/metrics.ts';
import { operateFleet, type OperatedFleet } from '../../src/runtime/api-role.ts';
import type { Core } from '../../src/runtime/core.ts';
import { startWorkerRole, type WorkerRole, type WorkerRoleOptions } from '../../src/runtime/worker-role.ts';

export const ALL_QUEUES: readonly QueueName[] = ['ipa', 'wba', 'nga', 'flow', 'maintenance'];

export interface HarnessOptions {
  readonly redisUrl: string;
  /** Queues to work on from the start; default all. */
  readonly workers?: readonly QueueName[];
  readonly agents?: ReadonlyMap<AgentName, Agent>;
  /** Configuration by path, as on the command line. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly clock?: WorkerRoleOptions['clock'];
  readonly catalog?: WorkerRoleOptions['catalog'];
}

/** Operations and workers in this process, over a real Redis and under a key prefix of their own. */
export interface Harness extends AsyncDisposable {
  readonly config: Config;
  readonly core: Core;
  readonly operations: FleetOperations;
  readonly metrics: Metrics;
  readonly logLines: readonly string[];
  startWorkers(queues: readonly QueueName[], agents?: ReadonlyMap<AgentName, Agent>): Promise<WorkerRole>;
  newSession(): Promise<string>;
  /** Waits until the run has an event of the type; fails when the run ends without it. */
  eventOf(runId: string, type: RunEventType, step?: string): Promise<RunEvent>;
  /** Waits for the run's end. */
  ended(runId: string): Promise<RunView>;
}

/** Quick stalls and shutdowns, so that tests of dying workers take seconds. */
const TEST_SETTINGS = {
  'environment': 'testing',
  'queues.lock_duration': '1',
  'queues.stalled_interval': '1',
  'workflow.timeout_check_interval_s': '0.5',
  'shutdown.grace': '4',
  'shutdown.drain_delay': '0',
};

export function testConfig(redisUrl: string, settings: Readonly<Record<string, string>> = {}): Config {
  return loadConfig({
    env: {},
    overrides: {
      ...TEST_SETTINGS,
      'redis.url': redisUrl,
      'redis.key_prefix': `t${randomBytes(6).toString('hex')}`,
      ...settings,
    },
  });
}

export async function startHarness(options: HarnessOptions): Promise<Harness> {
  const config = testConfig(options.redisUrl, options.settings);
  const logLines: string[] = [];
  const log = createLogger({
    level: 'info',
    role: 'test',
    instance: 'test',
    version: '0',
    destination: { write: (line) => void logLines.push(line) },
  });
  const metrics = createMetrics({ role: 'test', version: '0' });
  const core = {
    config,
    redisUrl: options.redisUrl,
    log,
    metrics,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    ...(options.catalog === undefined ? {} : { catalog: options.catalog }),
  };
  const fleet: OperatedFleet = await operateFleet(core);
  const roles: WorkerRole[] = [];
  const startWorkers: Harness['startWorkers'] = async (queues, agents = options.agents) => {
    const role = await startWorkerRole({
      ...core,
      queues,
      instance: `test-${roles.length}`,
      ...(agents === undefined ? {} : { agents }),
    });
    roles.push(role);
    return role;
  };
  const initial = options.workers ?? ALL_QUEUES;
  if (initial.length > 0) await startWorkers(initial);
  return {
    config,
    core: fleet.core,
    operations: fleet.operations,
    metrics,
    logLines,
    startWorkers,
    async newSession() {
      const { session } = await fleet.operations.createSession({}, LOCAL_OPERATOR);
      return session.session_id;
    },
    async eventOf(runId, type, step) {
      for await (const event of follow(fleet.operations, runId)) {
        if (event.type === type && (step === undefined || event.step === step)) return event;
      }
      throw new Error(`run ${runId} ended without ${type}${step === undefined ? '' : ` of ${step}`}`);
    },
    async ended(runId) {
      for await (const _event of follow(fleet.operations, runId)) {
        // The stream ends with the run.
      }
      return fleet.operations.getRun(runId, LOCAL_OPERATOR);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(roles.map((role) => role.stop()));
      const { redis } = fleet.core.store;
      const ours = `${config.redis.key_prefix}:`;
      const left = await connectionsNamed(redis, ours);
      await deletePrefix(redis, ours);
      await fleet.close();
      // Operations have four connections of their own; workers must have left none behind.
      if (left > 3) throw new Error(`${left - 3} connections of stopped workers are still open`);
    },
  };
}

function follow(operations: FleetOperations, runId: string): AsyncIterable<RunEvent> {
  return operations.runEvents(runId, { signal: AbortSignal.timeout(30_000) }, LOCAL_OPERATOR);
}

async function connectionsNamed(redis: Core['store']['redis'], prefix: string): Promise<number> {
  const list = (await redis.client('LIST')) as string;
  return list.split('\n').filter((line) => line.includes(` name=${prefix}`)).length;
}

async function deletePrefix(redis: Core['store']['redis'], prefix: string): Promise<void> {
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 1000);
    cursor = next;
    if (keys.length > 0) await redis.unlink(...keys);
  } while (cursor !== '0');
}
