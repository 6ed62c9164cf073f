import { availableParallelism, hostname, totalmem } from 'node:os';
import type { Agent } from '../agents/agent.ts';
import { answerMessage } from '../agents/answer-message.ts';
import { BUILT_IN_CAPABILITIES } from '../agents/built-in-capabilities.ts';
import type { CoordinatedAgent, HealthReport } from '../coordination/agents/agent.ts';
import type { RegisteredAgent } from '../coordination/agents/local-agent.ts';
import { Loop } from '../coordination/agents/loop.ts';
import { isSameAgent, type AgentId } from '../coordination/models/agent-id.ts';
import { AGENT_TYPES, type AgentName } from '../contracts/agent-type.ts';
import type { Language } from '../models/language.ts';
import { isFleetError, toFleetError } from '../kernel/errors.ts';
import { refusalOf } from './agent-admission.ts';
import type { PlannedAgent } from './agent-plan.ts';
import type { Core } from './core.ts';
import type { FleetCoordination } from './open-coordination.ts';
import type { QueueWorker } from './queue-worker.ts';
import { agentTimeoutMs } from './settings.ts';
import { VERSION } from './version.ts';
import type { Seat } from './workers.ts';

/** An agent that a process runs: a worker of its queue, and a mailbox. */
export class SeatedAgent<Queue extends string = AgentName> implements Seat {
  readonly agent: Queue;
  readonly planned: PlannedAgent;
  #registered: RegisteredAgent | undefined;

  constructor(agent: Queue, planned: PlannedAgent) {
    this.agent = agent;
    this.planned = planned;
  }

  get name(): string {
    return this.planned.name;
  }

  get concurrency(): number {
    return this.planned.concurrency;
  }

  /** Jobs are done before the agent is registered, too; then nobody is told of them. */
  readonly report: Seat['report'] = {
    begin: () => this.#registered?.begin(),
    end: (outcome, durationMs) => this.#registered?.end(outcome, durationMs),
  };

  registered(agent: RegisteredAgent): void {
    this.#registered = agent;
  }
}

export interface FleetAgentsParts {
  readonly core: Core;
  readonly coordination: FleetCoordination;
  readonly agents: ReadonlyMap<AgentName, Agent>;
  readonly languages: ReadonlyMap<AgentName, Language>;
  readonly workerOf: (seat: Seat) => QueueWorker;
}

export interface FleetAgents {
  /** Why some are not registered, one line each. */
  unregistered(): string[];
  /** No more attempts; returns when none is under way. */
  stop(): Promise<void>;
}

/**
 * Register the agents of this process and let them take messages. One that cannot be registered is told of once and left
 * out; its worker does its jobs all the same. It is tried again with the pace of heartbeats: who had its name may have
 * been its own predecessor, which counts as alive for a while after it was killed.
 */
export async function runFleetAgents(
  parts: FleetAgentsParts,
  seats: readonly SeatedAgent[],
): Promise<FleetAgents> {
  const { core, coordination } = parts;
  const failures = new Map<SeatedAgent, string>();
  const attempt = async (seat: SeatedAgent): Promise<void> => {
    const text = `${AGENT_TYPES[seat.agent]}:${seat.name}`;
    const isFirst = !failures.has(seat);
    try {
      const refusal = await refusedBy(coordination, seat);
      if (refusal === null) {
        await runSeat(parts, seat);
        failures.delete(seat);
        return;
      }
      failures.set(seat, `${text} is refused: ${refusal}`);
      if (isFirst) await coordination.registry.tell('refused', agentOf(seat), { reason: refusal });
    } catch (error) {
      if (isFirst && !isFleetError(error)) throw error;
      const { message } = toFleetError(error);
      core.log[isFirst ? 'error' : 'debug']({ agent: text, err: error }, 'an agent could not be registered');
      failures.set(seat, `${text} is not registered: ${message}`);
    }
  };
  for (const seat of seats) await attempt(seat);
  const { heartbeatIntervalMs } = coordination.registry.settings;
  const again = new Loop(async () => {
    for (const seat of failures.keys()) await attempt(seat);
    return heartbeatIntervalMs;
  });
  if (failures.size > 0) again.start(heartbeatIntervalMs);
  return { unregistered: () => [...failures.values()], stop: () => again.stop() };
}

async function runSeat(parts: FleetAgentsParts, seat: SeatedAgent): Promise<void> {
  const { coordination, core } = parts;
  const { type, ...own } = coordinatedAgent(parts, seat);
  const registered = await coordination.supervisor.run({ type, ...own });
  seat.registered(registered);
  const { advertise, version } = core.config.agents[AGENT_TYPES[seat.agent]].capabilities;
  coordination.discovery.register({
    agent: registered.id,
    capabilities: BUILT_IN_CAPABILITIES.get(type) ?? [],
    advertise,
    version,
  });
  core.log.info({ agent: registered.text }, 'registered');
}

function agentOf({ agent, name }: SeatedAgent): AgentId {
  return { type: AGENT_TYPES[agent], instance: name };
}

/** Asked of all other agents that are alive on this host, whatever process runs them. */
async function refusedBy({ registry }: FleetCoordination, seat: SeatedAgent): Promise<string | null> {
  const { planned } = seat;
  if (Object.keys(planned.resources).length === 0) return null;
  const here = (await registry.list({ isAlive: true })).filter(
    ({ id, record }) => record.host === hostname() && !isSameAgent(id, agentOf(seat)),
  );
  const limits = { cpu_threads: availableParallelism(), ram_bytes: memoryLimit() };
  return refusalOf(
    planned.resources,
    here.map(({ record }) => record.resources),
    limits,
  );
}

/** Without a limit Node answers 0 or a number far beyond the machine. */
function memoryLimit(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** The agent as coordination knows it: the same work for messages as for jobs, and one worker behind both. */
function coordinatedAgent(parts: FleetAgentsParts, seat: SeatedAgent): CoordinatedAgent {
  const { core, agents, languages, workerOf } = parts;
  const { agent: name, planned } = seat;
  const worker = workerOf(seat);
  const desk = {
    agent: agents.get(name)!,
    language: languages.get(name) ?? null,
    store: core.store,
    hasWorldOutbox: core.workflows.settings.hasWorldOutbox ?? false,
    recordRetentionSeconds: core.workflows.settings.recordRetentionSeconds,
    timeoutMs: agentTimeoutMs(core.config, name),
    clock: core.clock,
    log: core.log,
  };
  return {
    type: AGENT_TYPES[name],
    instance: planned.name,
    version: VERSION,
    concurrency: planned.concurrency,
    resources: planned.resources,
    metadata: { queue: name },
    process: async (_payload, { message, signal }) => {
      // Its jobs have a way of their own.
      if (message !== null) return answerMessage(desk, message, signal);
    },
    async healthCheck(): Promise<HealthReport> {
      const trouble = troubleOf(worker);
      if (trouble !== null) return trouble;
      await core.store.redis.ping();
      return { status: 'healthy' };
    },
    rest: (graceMs) => worker.rest(graceMs),
    resume: () => worker.resume(),
  };
}

/** Why an agent whose jobs this worker takes is not healthy; null when nothing is wrong with it. */
export function troubleOf({ isRunning, queue }: QueueWorker): HealthReport | null {
  return isRunning ? null : { status: 'unhealthy', reason: `the worker of queue ${queue} does not run` };
}
