import type { Config } from '../../config/schema.ts';
import type { QueueName } from '../../queues/catalogue.ts';
import { LOCAL_OPERATOR } from '../../src/contracts/caller.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { createMetrics, type Metrics } from '../../src/observability/metrics.ts';
import type { RedisClient } from '../../src/redis/connect.ts';
import type { Core } from '../../src/runtime/core.ts';
import { operateFleet } from '../../src/runtime/operate-fleet.ts';
import { startWorkerRole } from '../../src/runtime/worker-role.ts';
import { IDLE_WORKFLOW, idleAgents, idleCatalog } from './idle-workflow.ts';
import type { Subject } from './subject.ts';

export interface FleetSubject extends Subject {
  /** The connection of our own commands when a run is started. */
  readonly startingRedis: RedisClient;
  /** The connection of our own commands while workers work. */
  readonly workingRedis: RedisClient;
  readonly core: Core;
  /** The same fleet, running another workflow; one of them is measured at a time. */
  running(workflow: string): Subject;
}

export interface FleetSubjectOptions {
  readonly redisUrl: string;
  readonly config: Config;
  readonly concurrency: number;
  readonly queues: readonly QueueName[];
}

/** The product itself, its operations and its workers in this process, with agents that have nothing to do. */
export async function startFleet(options: FleetSubjectOptions): Promise<FleetSubject> {
  const { redisUrl, config, concurrency, queues } = options;
  const measured = createMetrics({ role: 'bench', version: '0' });
  const metrics = withCompletions(measured, () => subject.onCompleted());
  const log = createLogger({
    level: config.log.level,
    role: 'bench',
    instance: 'bench',
    version: '0',
    destination: 'stderr',
  });
  const core = { config, redisUrl, log, metrics, catalog: idleCatalog() };
  const fleet = await operateFleet(core);
  const workers = await startWorkerRole({
    ...core,
    queues,
    concurrency,
    instance: 'bench',
    agents: idleAgents(),
  });
  const add = async (workflow: string): Promise<void> => {
    await fleet.operations.startRun(workflow, { input: { text: 'look around' } }, LOCAL_OPERATOR);
  };
  const subject: FleetSubject = {
    name: 'fleet',
    startingRedis: fleet.core.store.redis,
    workingRedis: workers.core.store.redis,
    core: fleet.core,
    onCompleted: () => undefined,
    add: () => add(IDLE_WORKFLOW),
    running: (workflow) => ({
      name: workflow,
      get onCompleted() {
        return subject.onCompleted;
      },
      set onCompleted(tell) {
        subject.onCompleted = tell;
      },
      add: () => add(workflow),
      // The fleet is closed by whoever started it.
      [Symbol.asyncDispose]: async () => undefined,
    }),
    async [Symbol.asyncDispose]() {
      await workers.stop();
      await fleet.close();
    },
  };
  return subject;
}

/** Tells of each completed run job: the same moment at which the bare flow's root is complete. */
function withCompletions(metrics: Metrics, onRunCompleted: () => void): Metrics {
  return {
    ...metrics,
    jobs_completed_total: {
      ...metrics.jobs_completed_total,
      inc(labels, n) {
        metrics.jobs_completed_total.inc(labels, n);
        if (labels.queue === 'flow') onRunCompleted();
      },
    },
  };
}
