import type { Config } from '../../config/schema.ts';
import { isAgentQueue, isSafetyQueue, type QueueName } from '../../queues/catalogue.ts';
import type { Agent } from '../agents/agent.ts';
import { createInputProcessor } from '../agents/ipa/process.ts';
import { createNarrator } from '../agents/nga/process.ts';
import { createWorldBuilder } from '../agents/wba/process.ts';
import type { CoordinatedAgent } from '../coordination/agents/agent.ts';
import type { AgentName } from '../contracts/agent-type.ts';
import { systemClock } from '../kernel/clock.ts';
import type { Readiness } from '../contracts/operator.ts';
import type { Language } from '../models/language.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { SafetyParts } from '../safety/ports.ts';
import { openCore, type Core, type CoreOptions } from './core.ts';
import { exportCircuits } from './fleet-breakers.ts';
import { createMeasuredCache } from './measured-cache.ts';
import { announceTypes, moduleSeats, runModuleAgents, type ModuleSeat } from './module-agents.ts';
import { openLanguages } from './open-languages.ts';
import { openSafetyRoom, type SafetyRoom } from './open-safety-room.ts';
import { openSafetyState, type SafetyState } from './open-safety-state.ts';
import { lazily, peopleCaller, openPeople, tellOfWritten, type People } from './open-people.ts';
import { createReadiness } from './operations/readiness.ts';
import { createSafetyJobs } from './safety-jobs.ts';
import { agentSafety, type AgentSafety } from './safety-hooks.ts';
import type { QueueWorker } from './queue-worker.ts';
import { safetyParts } from './safety-parts.ts';
import { startGraph } from './start-graph.ts';
import { plannedAgents } from './agent-plan.ts';
import { runFleetAgents, SeatedAgent, type FleetAgents } from './fleet-agents.ts';
import { openCoordination, type FleetCoordination } from './open-coordination.ts';
import { startWorkers, type RunningWorkers, type Seat } from './workers.ts';

export interface WorkersOfRole {
  readonly queues: readonly QueueName[];
  readonly instance: string;
  /** The name of the agent to register, where one of a single type is; default: as configured. */
  readonly agentInstance?: string;
  readonly concurrency?: number;
  /** Agents of other types: they are registered in any case, and work on the queues of their types. */
  readonly moduleAgents?: readonly CoordinatedAgent[];
  /** Takes the place of the product's own agents. */
  readonly agents?: ReadonlyMap<AgentName, Agent>;
  /** Takes the place of the configured models; an agent without an entry has none. */
  readonly languages?: ReadonlyMap<AgentName, Language>;
  /** Judges what players say and what they are told; null, and the default: nobody does. */
  readonly safety?: SafetyParts | null;
}

export interface WorkerRoleOptions extends Omit<CoreOptions, 'onOutage'>, WorkersOfRole {}

/** The part of the grace that is kept for putting jobs back and closing. */
const CLOSING_MS = 2_000;

/** The workers of one process, from their connections to their agents. */
export interface WorkerRole {
  readonly core: Core;
  /** Absent where nothing is judged. */
  readonly safety: SafetyRoom | undefined;
  /** Absent where no agent is registered. */
  readonly coordination: FleetCoordination | undefined;
  readonly readiness: () => Promise<Readiness>;
  /** Rejects when none of the agents of this process can work: it had better end, and be started anew. */
  readonly hopeless: Promise<never>;
  /** Drain, then close everything; ends with the grace, also when Redis is away. */
  stop(): Promise<void>;
}

export async function startWorkerRole(options: WorkerRoleOptions): Promise<WorkerRole> {
  return workOn(await openCore({ ...options, onOutage: 'patient' }), options);
}

/** The same on a core that is open already; it is closed with the workers. */
export async function workOn(core: Core, options: WorkersOfRole): Promise<WorkerRole> {
  const { breakers } = core;
  let safety: SafetyRoom | undefined;
  let state: SafetyState | undefined;
  let coordination: FleetCoordination | undefined;
  let workers: RunningWorkers | undefined;
  let fleetAgents: FleetAgents | undefined;
  const hopeless = Promise.withResolvers<never>();
  hopeless.promise.catch(() => undefined);
  try {
    const room = judgesTexts(core, options) ? (safety = await openSafetyRoom(core)) : undefined;
    const people: () => Promise<People> = lazily(() => openPeople(core, kept.interventions));
    const kept = (state = await openSafetyState(core, tellOfWritten(core, people)));
    const parts =
      room === undefined
        ? (options.safety ?? null)
        : safetyParts(core, room, kept, peopleCaller(core, people));
    const hooks = parts === null ? null : agentSafety(core, parts);
    const callsPeople = options.queues.some(isSafetyQueue);
    const jobs = callsPeople ? createSafetyJobs(core, await people(), breakers) : undefined;
    await kept.start();
    const agents = options.agents ?? localAgents(core.metrics, hooks);
    const languages = options.languages ?? (await openLanguages(core, breakers, options.queues));
    const seats = seatsOf(core, options);
    const { moduleAgents = [] } = options;
    if (seats.length + moduleAgents.length > 0) {
      coordination = openCoordination({
        ...core,
        onHopeless: () => hopeless.reject(new Error('none of the agents of this process can work')),
      });
    }
    const modules = moduleSeats(
      core.config,
      moduleAgents,
      { log: core.log, send: (message) => coordination!.coordinator.send(message) },
      options.concurrency,
    );
    await announceTypes(core, modules);
    workers = await startWorkers({
      core,
      agents,
      languages,
      seats: Map.groupBy<string, SeatedAgent | ModuleSeat>([...seats, ...modules], ({ agent }) => agent),
      queues: options.queues,
      breakers,
      cache: createMeasuredCache(core),
      instance: options.instance,
      ...(hooks === null ? {} : { screenInput: hooks.screenInput }),
      ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
      ...(jobs === undefined ? {} : { safety: jobs }),
    });
    const stopGraph = options.queues.includes('maintenance') ? await startGraph(core) : async () => undefined;
    // Known to the fleet before their first call.
    const served = [...options.queues.filter(isAgentQueue), ...modules.map(({ agent }) => agent)];
    for (const queue of served) breakers.get(`agent.${queue}`);
    exportCircuits(core.circuits, core.metrics);
    if (coordination !== undefined) {
      const running = workers;
      const workerOf = (seat: Seat): QueueWorker => running.of(seat);
      await coordination.start();
      fleetAgents = await runFleetAgents({ core, coordination, agents, languages, workerOf }, seats);
      await runModuleAgents(coordination, modules, workerOf);
      await advertised(coordination, core.config);
    }
    const look = createReadiness(core.store.redis, core.config.redis.require_noeviction);
    let draining = false;
    return {
      core,
      safety: room,
      coordination,
      readiness: async () =>
        draining
          ? { status: 'draining', checks: [] }
          : withAgents(await look(), fleetAgents?.unregistered() ?? []),
      hopeless: hopeless.promise,
      async stop() {
        draining = true;
        const graceMs = Math.max(CLOSING_MS, core.config.shutdown.grace * 1000);
        const leftMs = graceMs - CLOSING_MS;
        // Everybody knows at once; what is in hand is finished before the agents are gone.
        const closing = Promise.all([
          Promise.all([
            // Nobody is registered any more once the others have stopped.
            fleetAgents?.stop().then(() => coordination?.supervisor.pause({ graceMs: leftMs })),
            workers?.stop(leftMs),
          ]).then(() => coordination?.close({ graceMs: 0 })),
          stopGraph(),
        ])
          .then(() => hooks?.settled())
          .then(() => Promise.all([room?.stop(), state?.stop()]))
          .then(() => core.close());
        if (!(await settlesWithin(closing, graceMs))) {
          // Nothing can be put back without Redis; once it answers, other workers find these jobs stalled.
          core.log.warn({}, 'grace is over and Redis does not answer: leaving without closing');
          core.connections.abandon();
        }
        await breakers.stop();
      },
    };
  } catch (error) {
    await fleetAgents?.stop();
    await Promise.all([coordination?.close({ graceMs: 0 }), workers?.stop(0)]);
    await safety?.stop();
    await state?.stop();
    await core.close();
    throw error;
  }
}

/** The agents that this process registers. One name is for one agent. */
function seatsOf({ config }: Core, { queues, agentInstance, concurrency }: WorkersOfRole): SeatedAgent[] {
  const given = {
    ...(agentInstance === undefined ? {} : { instance: agentInstance }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
  return queues
    .filter(isAgentQueue)
    .flatMap((name) => plannedAgents(config, name, given).map((planned) => new SeatedAgent(name, planned)));
}

/** Where agents advertise at once, a process is ready when it is known what its agents can do. */
async function advertised({ registry, discovery }: FleetCoordination, { agents }: Config): Promise<void> {
  if (agents.discovery.strategy !== 'immediate') return;
  await Promise.all(registry.local().map(({ text }) => discovery.settled(text)));
  await registry.heartbeat().catch(() => undefined);
}

function withAgents(readiness: Readiness, unregistered: readonly string[]): Readiness {
  if (unregistered.length === 0) return readiness;
  const { status, checks } = readiness;
  return {
    status: status === 'ready' ? 'degraded' : status,
    checks: [...checks, { name: 'agents', ok: false, essential: false, detail: unregistered.join('; ') }],
  };
}

/** The product's own agents judge what they read and write, and who watches over schedules what those would play. */
function judgesTexts({ config }: Core, { safety, agents, queues }: WorkersOfRole): boolean {
  if (safety !== undefined || agents !== undefined || !config.safety.enabled) return false;
  return queues.some((name) => name === 'maintenance' || isAgentQueue(name));
}

/** The three agents with the local provider: no network. */
export function localAgents(metrics?: Metrics, safety: AgentSafety | null = null): Map<AgentName, Agent> {
  const ipa = createInputProcessor(safety?.ipa);
  const nga = createNarrator({ guard: safety?.nga ?? null });
  const wba = createWorldBuilder(systemClock, {
    ...safety?.wba,
    onRejected: (code, origin) => metrics?.world_ops_rejected_total.inc({ code, origin }),
  });
  // An Agent is written for its own schemas; the shell parses with them before and after, so it may hold any.
  const agents = { ipa, wba, nga } as unknown as Record<AgentName, Agent>;
  return new Map(Object.entries(agents) as [AgentName, Agent][]);
}

async function settlesWithin(work: Promise<void>, limitMs: number): Promise<boolean> {
  const over = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => over.resolve(false), limitMs);
  try {
    return await Promise.race([work.then(() => true), over.promise]);
  } finally {
    clearTimeout(timer);
  }
}
