import type { Config } from '../../config/schema.ts';
import { systemClock } from '../kernel/clock.ts';
import { FleetError } from '../kernel/errors.ts';
import { newRunId } from '../kernel/ids.ts';
import { createCache } from '../primitives/cache/cache.ts';
import { make } from '../primitives/compose/make.ts';
import type { StepRecord } from '../primitives/in-process/leaf-call.ts';
import { runInProcess } from '../primitives/in-process/run.ts';
import { childrenOf } from '../primitives/plan/children.ts';
import { drawPlan, type DrawnPlan } from '../primitives/plan/draw.ts';
import type { PlanNode } from '../primitives/plan/node.ts';
import { PrimitiveError } from '../primitives/primitive-error.ts';
import { createKeys } from '../redis/keys.ts';
import type { RedisStore } from '../redis/store.ts';
import { createCatalog, type Catalog } from '../workflows/catalog/catalog.ts';
import type { WorkflowDefinition } from '../workflows/definition.ts';
import { parseInput } from '../workflows/start.ts';
import { createConnections } from './connections.ts';
import { createFleetLog, instanceName } from './fleet-log.ts';
import { productWorkflows } from './product-catalog.ts';
import { requireRedisUrl } from './redis-url.ts';

export const ENGINES = ['in-process', 'durable'] as const;
export type Engine = (typeof ENGINES)[number];

export interface PlanSummary {
  readonly name: string;
  readonly version: number;
  /** Nodes by kind. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly engines: readonly Engine[];
  /** Also where it runs in process. */
  readonly needsRedis: boolean;
}

export interface PlanRunOptions {
  readonly correlationId?: string;
  readonly timeoutMs?: number;
  /** Cancels the run. */
  readonly signal?: AbortSignal;
}

/** How a run in process went; a failure is a value here. */
export interface PlanRun {
  readonly status: 'completed' | 'failed' | 'cancelled' | 'timed_out';
  readonly output?: unknown;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly path: string;
    readonly details?: Readonly<Record<string, unknown>>;
  };
  readonly runId: string;
  readonly correlationId: string;
  readonly degraded: boolean;
  readonly durationMs: number;
  readonly trace: readonly StepRecord[];
}

/** The plans of a fleet of this configuration, without the fleet. Nothing is connected before a run needs it. */
export interface Plans {
  list(): PlanSummary[];
  /** Errors: workflow_not_found */
  graph(name: string): { readonly drawn: DrawnPlan; readonly mermaid: string };
  /**
   * Errors: workflow_not_found, validation_failed, engine_unfit (all before anything runs);
   *         redis_not_configured, redis_unavailable for a plan that needs Redis
   */
  runInProcess(name: string, input: unknown, options?: PlanRunOptions): Promise<PlanRun>;
}

export function openPlans(config: Config): Plans {
  const catalog = catalogWith(config, absentStore(config));
  return {
    list: () => catalog.names().map((name) => summaryOf(catalog.latest(name), config)),
    graph(name) {
      const { plan } = catalog.latest(name);
      return { drawn: drawPlan(plan, 'json'), mermaid: drawPlan(plan, 'mermaid') };
    },
    async runInProcess(name, input, options = {}) {
      const definition = catalog.latest(name);
      const parsed = parseInput(definition, input);
      const { engines, needsRedis } = summaryOf(definition, config);
      if (!engines.includes('in-process')) throw unfit(name);
      if (!needsRedis) return run(definition, parsed, options);
      const connections = createConnections(config, requireRedisUrl(config), { log: logOf(config) });
      try {
        const redis = await connections.open('plans', { onOutage: 'fail_fast' });
        const store = { redis, keys: createKeys(config.redis.key_prefix) };
        return await run(catalogWith(config, store).latest(name), parsed, options, store);
      } finally {
        await connections.close();
      }
    },
  };
}

async function run(
  definition: WorkflowDefinition,
  input: unknown,
  { correlationId, timeoutMs = definition.timeoutMs, signal }: PlanRunOptions,
  store?: RedisStore,
): Promise<PlanRun> {
  const runId = newRunId(systemClock.now());
  const ids = { runId, correlationId: correlationId ?? runId };
  const startedAt = performance.now();
  let ending: string | undefined;
  try {
    const ended = await runInProcess(make(definition.plan), input, {
      ...ids,
      timeoutMs,
      metadata: { workflow: definition.name },
      cache: createCache(store === undefined ? {} : { store }),
      ...(definition.onFailure === undefined ? {} : { onFailure: definition.onFailure }),
      ...(definition.compensators === undefined ? {} : { compensators: definition.compensators }),
      ...(signal === undefined ? {} : { signal }),
      onAdvance: (facts) => (ending = facts.ending?.code),
    });
    const { output, isDegraded: degraded, durationMs, trace } = ended;
    return { status: 'completed', output, ...ids, degraded, durationMs, trace };
  } catch (error) {
    if (!(error instanceof PrimitiveError)) throw error;
    const { code, message, path, details, trace } = error;
    return {
      status: statusOf(ending),
      error: { code, message, path, ...(details === undefined ? {} : { details }) },
      ...ids,
      degraded: false,
      durationMs: Math.round(performance.now() - startedAt),
      trace,
    };
  }
}

/** A part that was cancelled or took too long fails its run; only what ends the run itself has a status of its own. */
function statusOf(ending: string | undefined): PlanRun['status'] {
  if (ending === 'cancelled') return 'cancelled';
  return ending === 'deadline_exceeded' ? 'timed_out' : 'failed';
}

function summaryOf(definition: WorkflowDefinition, config: Config): PlanSummary {
  const { name, version, plan } = definition;
  const kinds: Record<string, number> = {};
  for (const { kind } of drawPlan(plan, 'json').nodes) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return {
    name,
    version,
    kinds,
    engines: needsFleet(plan) ? ['durable'] : ['in-process', 'durable'],
    needsRedis: 'needsRedis' in definition && (definition.needsRedis === true || hasModelBudget(config)),
  };
}

/** What models may cost in a day is kept for the whole fleet. */
function hasModelBudget({ llm }: Config): boolean {
  return llm.base_url !== null && llm.daily_budget_usd !== null;
}

/** A step that its queue's agent does, or a run of another workflow. */
function needsFleet(node: PlanNode): boolean {
  if (node.kind === 'call' || (node.kind === 'step' && node.run === undefined)) return true;
  return childrenOf(node).some((child) => needsFleet(child.node));
}

function unfit(name: string): FleetError {
  return new FleetError({
    code: 'engine_unfit',
    kind: 'invalid_input',
    message: `workflow "${name}" has steps that only the agents of a fleet can do: run it durably`,
  });
}

function catalogWith(config: Config, store: RedisStore): Catalog {
  return createCatalog(productWorkflows(config, { store, clock: systemClock, log: logOf(config) }));
}

/** Enough to describe plans; a plan that needs Redis is given a real one before it runs. */
function absentStore(config: Config): RedisStore {
  return {
    get redis(): never {
      throw new FleetError({
        code: 'redis_not_configured',
        kind: 'unavailable',
        message: 'this plan needs Redis, and none is connected',
      });
    },
    keys: createKeys(config.redis.key_prefix),
  };
}

function logOf(config: Config): ReturnType<typeof createFleetLog> {
  return createFleetLog(config, 'cli', instanceName());
}
