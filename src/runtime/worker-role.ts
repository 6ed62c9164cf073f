import { isAgentQueue, isSafetyQueue, type QueueName } from '../../queues/catalogue.ts';
import type { Agent } from '../agents/agent.ts';
import { createInputProcessor } from '../agents/ipa/process.ts';
import { createNarrator } from '../agents/nga/process.ts';
import { createWorldBuilder } from '../agents/wba/process.ts';
import type { AgentName } from '../contracts/agent-type.ts';
import { systemClock } from '../kernel/clock.ts';
import type { Readiness } from '../contracts/operator.ts';
import type { Language } from '../models/language.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { SafetyParts } from '../safety/ports.ts';
import { openCore, type Core, type CoreOptions } from './core.ts';
import { exportCircuits } from './fleet-breakers.ts';
import { createMeasuredCache } from './measured-cache.ts';
import { openLanguages } from './open-languages.ts';
import { openSafetyRoom, type SafetyRoom } from './open-safety-room.ts';
import { openSafetyState, type SafetyState } from './open-safety-state.ts';
import { lazily, peopleCaller, openPeople, tellOfWritten, type People } from './open-people.ts';
import { createReadiness } from './operations/readiness.ts';
import { createSafetyJobs } from './safety-jobs.ts';
import { agentSafety, type AgentSafety } from './safety-hooks.ts';
import { safetyParts } from './safety-parts.ts';
import { startGraph } from './start-graph.ts';
import { startWorkers } from './workers.ts';

export interface WorkersOfRole {
  readonly queues: readonly QueueName[];
  readonly instance: string;
  readonly concurrency?: number;
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
  readonly readiness: () => Promise<Readiness>;
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
    const workers = await startWorkers({
      core,
      agents: options.agents ?? localAgents(core.metrics, hooks),
      languages: options.languages ?? (await openLanguages(core, breakers, options.queues)),
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
    for (const queue of options.queues.filter(isAgentQueue)) breakers.get(`agent.${queue}`);
    exportCircuits(core.circuits, core.metrics);
    const look = createReadiness(core.store.redis, core.config.redis.require_noeviction);
    let draining = false;
    return {
      core,
      safety: room,
      readiness: async () => (draining ? { status: 'draining', checks: [] } : look()),
      async stop() {
        draining = true;
        const graceMs = Math.max(CLOSING_MS, core.config.shutdown.grace * 1000);
        const closing = Promise.all([workers.stop(graceMs - CLOSING_MS), stopGraph()])
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
    await safety?.stop();
    await state?.stop();
    await core.close();
    throw error;
  }
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
