import type { Config } from '../../config/schema.ts';
import { QUEUE_NAMES } from '../../queues/catalogue.ts';
import type { Agent } from '../agents/agent.ts';
import type { AgentName } from '../contracts/agent-type.ts';
import type { FleetOperations } from '../contracts/operations.ts';
import { FleetError } from '../kernel/errors.ts';
import { createMetrics } from '../observability/metrics.ts';
import { startApiRole } from './api-role.ts';
import { createFleetLog, instanceName } from './fleet-log.ts';
import { requireRedisUrl } from './redis-url.ts';
import { VERSION } from './version.ts';
import { localAgents, startWorkerRole } from './worker-role.ts';

/** An error thrown instead of an agent's work, so that failure can be watched on purpose. */
export interface Fault {
  readonly code: string;
  readonly message: string;
  readonly times: number | 'until_cleared';
}

export interface DevFleet {
  readonly operations: FleetOperations;
  readonly url: string;
  readonly boardUrl: string;
  readonly metricsUrl: string;
  clearFault(agent: AgentName): void;
  stop(): Promise<void>;
}

/** API and all workers in this process, with faults that the caller asked for. */
export async function startDevFleet(
  config: Config,
  options: { readonly faults?: Partial<Record<AgentName, Fault>> } = {},
): Promise<DevFleet> {
  const core = {
    config,
    redisUrl: requireRedisUrl(config),
    log: createFleetLog(config, 'dev', instanceName()),
    metrics: createMetrics({ role: 'dev', version: VERSION }),
  };
  const faults = new Map<string, Fault>(Object.entries(options.faults ?? {}));
  const workers = await startWorkerRole({
    ...core,
    queues: QUEUE_NAMES,
    instance: instanceName(),
    agents: new Map([...localAgents(core.metrics)].map(([name, agent]) => [name, withFaults(agent, faults)])),
  });
  try {
    const api = await startApiRole(core);
    return {
      operations: api.operations,
      url: api.url,
      boardUrl: api.boardUrl ?? '',
      metricsUrl: `${api.url}/metrics`,
      clearFault: (agent) => void faults.delete(agent),
      async stop() {
        await api.close();
        await workers.stop();
      },
    };
  } catch (error) {
    await workers.stop();
    throw error;
  }
}

/** The agent itself, but for the calls that are to fail. */
function withFaults(agent: Agent, faults: Map<string, Fault>): Agent {
  return {
    ...agent,
    async run(input, ctx) {
      const fault = faults.get(agent.name);
      if (fault === undefined) return agent.run(input, ctx);
      if (fault.times === 1) faults.delete(agent.name);
      else if (fault.times !== 'until_cleared') faults.set(agent.name, { ...fault, times: fault.times - 1 });
      throw new FleetError({ code: fault.code, kind: 'internal', message: fault.message });
    },
  };
}
