import type { Config } from '../../config/schema.ts';
import { QUEUE_NAMES, type QueueName } from '../../queues/catalogue.ts';
import type { Agent, AgentContext } from '../../src/agents/agent.ts';
import { narrate } from '../../src/agents/nga/narrate.ts';
import { AGENTS, type AgentName } from '../../src/contracts/agent-type.ts';
import type { CoordinatedAgent } from '../../src/coordination/agents/agent.ts';
import { LOCAL_OPERATOR } from '../../src/contracts/caller.ts';
import type { FleetOperations } from '../../src/contracts/operations.ts';
import type { RetryPolicy } from '../../src/contracts/retry.ts';
import type { RunEvent, RunEventType, RunView } from '../../src/contracts/run.ts';
import type { OrchestrationResponse, SubmitTurn } from '../../src/contracts/turn.ts';
import type { World } from '../../src/contracts/world.ts';
import { sleep } from '../../src/kernel/abort.ts';
import { fromWire } from '../../src/resilience/backoff.ts';
import { editChain } from './edit-plan.ts';
import type { Language } from '../../src/models/language.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { createMetrics, type Metrics } from '../../src/observability/metrics.ts';
import { operateFleet, type OperatedFleet } from '../../src/runtime/operate-fleet.ts';
import type { Core } from '../../src/runtime/core.ts';
import {
  localAgents,
  startWorkerRole,
  type WorkerRole,
  type WorkerRoleOptions,
} from '../../src/runtime/worker-role.ts';
import { decodeWorld, readStoredWorld } from '../../src/sessions/world-codec.ts';
import { deletePrefix } from '../../src/testing/own-redis.ts';
import { quickConfig } from '../../src/testing/settings.ts';
import { builtInWorkflows } from '../../src/workflows/catalog/built-in.ts';
import { createCatalog, type Catalog } from '../../src/workflows/catalog/catalog.ts';
import type { CatalogSettings } from '../../src/workflows/catalog/settings.ts';

export const ALL_QUEUES: readonly QueueName[] = QUEUE_NAMES;

export interface HarnessOptions {
  readonly redisUrl: string;
  /** Queues to work on from the start; default all. */
  readonly workers?: readonly QueueName[];
  readonly agents?: ReadonlyMap<AgentName, Agent>;
  /** The models the agents may ask; default none. */
  readonly languages?: ReadonlyMap<AgentName, Language>;
  /** Configuration by path, as on the command line. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly clock?: WorkerRoleOptions['clock'];
  readonly catalog?: WorkerRoleOptions['catalog'];
  readonly hasWorldOutbox?: boolean;
  /** Judges texts; default nobody. */
  readonly safety?: WorkerRoleOptions['safety'];
}

/** The answer of a run. */
export type PlayedTurn = OrchestrationResponse & {
  readonly workflow_metadata: { readonly run_id: string };
};

/** Operations and workers in this process, over a real Redis and under a key prefix of their own. */
export interface Harness extends AsyncDisposable {
  readonly config: Config;
  readonly core: Core;
  readonly operations: OperatedFleet['operations'];
  readonly metrics: Metrics;
  readonly logLines: readonly string[];
  startWorkers(queues: readonly QueueName[], agents?: ReadonlyMap<AgentName, Agent>): Promise<WorkerRole>;
  /** A worker of agents that modules bring. */
  startModules(...agents: readonly CoordinatedAgent[]): Promise<WorkerRole>;
  newSession(worldId?: string): Promise<string>;
  /** Submits a turn and returns its run's id without waiting; all three agents do it unless another workflow is named. */
  submit(sessionId: string, text: string, turn?: Partial<SubmitTurn>): Promise<string>;
  /** The same, and waits for its answer; fails when the run does not complete. */
  play(sessionId: string, text: string, turn?: Partial<SubmitTurn>): Promise<PlayedTurn>;
  /** All events of a run, from its acceptance to its end. */
  eventsOf(runId: string): Promise<RunEvent[]>;
  /** The stored world of a session, or null when nothing was ever written to it. */
  worldOf(sessionId: string): Promise<World | null>;
  /** Waits until no job of any queue is waiting, active, delayed or a parent of waiting children. */
  quiet(): Promise<void>;
  /** Waits until the run has an event of the type; fails when the run ends without it. */
  eventOf(runId: string, type: RunEventType, step?: string): Promise<RunEvent>;
  /** Waits for the run's end. */
  ended(runId: string): Promise<RunView>;
}

export const QUICK_RETRY: RetryPolicy = {
  max_attempts: 3,
  base_delay_ms: 40,
  factor: 2,
  max_delay_ms: 1_000,
  jitter: 0.5,
};

/** The built-in workflows with short pauses between attempts, and time limits as chosen. */
export function quickCatalog(
  settings: Partial<CatalogSettings> = {},
  retry: Partial<RetryPolicy> = {},
): Catalog {
  const limits: CatalogSettings = {
    runTimeoutMs: 60_000,
    ...settings,
    stepTimeoutMs: { ipa: 20_000, wba: 20_000, nga: 20_000, ...settings.stepTimeoutMs },
  };
  return createCatalog(
    builtInWorkflows(limits, narrate).map((workflow) => ({
      ...workflow,
      plan: editChain(workflow.plan, {
        step: (step) => ({
          ...step,
          retry: fromWire({ ...QUICK_RETRY, max_attempts: step.retry?.maxAttempts ?? 1, ...retry }),
        }),
      }),
    })),
  );
}

type Around = (input: unknown, ctx: AgentContext, agent: Agent) => Promise<unknown>;

/** The product's agents, some of them wrapped: the function runs in the agent's place and may call it. */
export function agentsWith(wrapped: Partial<Record<AgentName, Around>>): ReadonlyMap<AgentName, Agent> {
  const wrap = (agent: Agent): Agent => {
    const around = wrapped[agent.name as AgentName];
    return around === undefined ? agent : { ...agent, run: (input, ctx) => around(input, ctx, agent) };
  };
  return new Map([...localAgents()].map(([name, agent]) => [name, wrap(agent)]));
}

/** Never settles by itself: an agent that hangs, but listens to its signal. */
export function untilAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    else signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

/** Looks again and again until the check passes, and fails with its last complaint. */
export async function eventually(check: () => Promise<void>, withinMs = 15_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(20);
    }
  }
}

export async function startHarness(options: HarnessOptions): Promise<Harness> {
  const config = quickConfig(options.redisUrl, options.settings);
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
    ...(options.safety === undefined ? {} : { safety: options.safety }),
    ...(options.hasWorldOutbox === undefined ? {} : { hasWorldOutbox: options.hasWorldOutbox }),
  };
  const fleet: OperatedFleet = await operateFleet(core);
  const roles: WorkerRole[] = [];
  const startWorkers: Harness['startWorkers'] = async (queues, agents = options.agents) => {
    const role = await startWorkerRole({
      ...core,
      queues,
      instance: `test-${roles.length}`,
      ...(agents === undefined ? {} : { agents }),
      ...(options.languages === undefined ? {} : { languages: options.languages }),
    });
    roles.push(role);
    return role;
  };
  const eventsOf = async (runId: string): Promise<RunEvent[]> => {
    const events: RunEvent[] = [];
    for await (const event of follow(fleet.operations, runId)) events.push(event);
    return events;
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
    async startModules(...moduleAgents) {
      const instance = `modules-${roles.length}`;
      const role = await startWorkerRole({ ...core, queues: [], instance, moduleAgents });
      roles.push(role);
      return role;
    },
    async newSession(worldId) {
      const request = worldId === undefined ? {} : { world_id: worldId };
      const { session } = await fleet.operations.createSession(request, LOCAL_OPERATOR);
      return session.session_id;
    },
    async submit(sessionId, text, turn = {}) {
      const request = { text, wait_ms: 0, workflow: 'collaborative', ...turn };
      const submitted = await fleet.operations.submitTurn(sessionId, request, LOCAL_OPERATOR);
      const id = submitted.done ? submitted.response.workflow_metadata.run_id : submitted.accepted.run_id;
      if (id === null) throw new Error('the line itself was answered, and no run was started');
      return id;
    },
    async play(sessionId, text, turn = {}) {
      const request = { text, wait_ms: 25_000, workflow: 'collaborative', ...turn };
      const submitted = await fleet.operations.submitTurn(sessionId, request, LOCAL_OPERATOR);
      const { run_id: runId, status } = submitted.done
        ? submitted.response.workflow_metadata
        : submitted.accepted;
      // It has the id of its run.
      if (submitted.done && runId !== null && status === 'completed') return submitted.response as PlayedTurn;
      throw new Error(`run ${runId} was not answered in time: ${status}`);
    },
    eventsOf,
    async worldOf(sessionId) {
      const { world_id: worldId } = await fleet.operations.getSession(sessionId, LOCAL_OPERATOR);
      const stored = await readStoredWorld(fleet.core.store, worldId);
      return stored === null ? null : decodeWorld(stored);
    },
    quiet: () => eventually(() => assertQuiet(fleet.core)),
    async eventOf(runId, type, step) {
      for await (const event of follow(fleet.operations, runId)) {
        if (event.type === type && (step === undefined || event.step === step)) return event;
      }
      throw new Error(`run ${runId} ended without ${type}${step === undefined ? '' : ` of ${step}`}`);
    },
    async ended(runId) {
      await eventsOf(runId);
      return fleet.operations.getRun(runId, LOCAL_OPERATOR);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(roles.map((role) => role.stop()));
      // Who looked at dead letters opened a connection to the mailboxes.
      await fleet.coordination.close();
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

async function assertQuiet({ queues }: Core): Promise<void> {
  for (const name of [...AGENTS, 'flow'] as const) {
    const counts = await queues
      .get(name)!
      .getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'waiting-children');
    const busy = Object.entries(counts).filter(([, count]) => count > 0);
    if (busy.length > 0) throw new Error(`queue ${name} still has jobs: ${JSON.stringify(counts)}`);
  }
}

function follow(operations: FleetOperations, runId: string): AsyncIterable<RunEvent> {
  return operations.runEvents(runId, { signal: AbortSignal.timeout(30_000) }, LOCAL_OPERATOR);
}

async function connectionsNamed(redis: Core['store']['redis'], prefix: string): Promise<number> {
  const list = (await redis.client('LIST')) as string;
  return list.split('\n').filter((line) => line.includes(` name=${prefix}`)).length;
}
