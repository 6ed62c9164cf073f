import type { Config } from '../../config/schema.ts';
import { QUEUE_NAMES, SAFETY_QUEUES, type QueueName } from '../../queues/catalogue.ts';
import type { AgentName } from '../contracts/agent-type.ts';
import { createMetrics } from '../observability/metrics.ts';
import type { ApiRole } from './api-role.ts';
import type { CoreOptions } from './core.ts';
import { createFleetLog, instanceName } from './fleet-log.ts';
import { startFleetTracing } from './fleet-tracing.ts';
import { routingOptions } from './coordination-settings.ts';
import { loadAgents } from './module-agents.ts';
import { requireRedisUrl } from './redis-url.ts';
import { ConfigReloader, type ReloadParts } from './reload-config.ts';
import { VERSION } from './version.ts';
import { serveWorkerHttp } from './worker-http.ts';
import { startWorkerRole, type WorkerRole } from './worker-role.ts';

/** What `ao worker` is asked for; some roles serve two queues. */
export type WorkerQueue = AgentName | 'flow' | 'safety';

export type Role =
  | { readonly kind: 'api' }
  | {
      readonly kind: 'worker';
      readonly agents: readonly WorkerQueue[];
      readonly concurrency?: number;
      readonly instance?: string;
      /** Files whose default exports are agents of other types. */
      readonly modules?: readonly string[];
    }
  | { readonly kind: 'dev' };

export interface RoleReady {
  readonly url?: string;
  readonly boardUrl?: string;
  readonly metricsUrl?: string;
  readonly redisUrl: string;
  readonly roles: readonly string[];
}

export interface RunRoleOptions {
  /** Aborts when the process should end: drain, then resolve with the exit code. */
  readonly signal: AbortSignal;
  onReady(ready: RoleReady): void;
  /** How the configuration is read anew, and who says when. */
  readonly reload?: {
    readonly load: () => Promise<Config>;
    /** Returns what ends it. */
    readonly whenAsked: (listener: () => void) => () => void;
  };
}

interface StartedRole {
  readonly ready: RoleReady;
  /** Rejects when it is no use to go on. */
  readonly hopeless?: Promise<never>;
  /** Reloadable keys hold as they are in this configuration from now on. */
  reconfigure(config: Config): void;
  stop(): Promise<void>;
}

/**
 * Run a role until the signal aborts and everything is drained.
 * @returns the exit code
 */
export async function runRole(role: Role, config: Config, options: RunRoleOptions): Promise<number> {
  const instance = instanceName(role.kind === 'worker' ? role.instance : undefined);
  const log = createFleetLog(config, role.kind, instance);
  const crash = Promise.withResolvers<never>();
  crash.promise.catch(() => undefined);
  const onCrash = (error: unknown): void => crash.reject(error);
  process.on('uncaughtException', onCrash);
  process.on('unhandledRejection', onCrash);
  const metrics = createMetrics({
    role: role.kind,
    version: VERSION,
    onScrapeError: (error) => log.debug({ err: error }, 'a gauge could not be read'),
  });
  const tracing = await startFleetTracing(config, { role: role.kind, instance, log, metrics });
  try {
    const core: Omit<CoreOptions, 'onOutage'> = {
      config,
      redisUrl: requireRedisUrl(config),
      log,
      metrics,
    };
    const started = await start(role, core, instance);
    const forgetReload = reloading(options, { ...core, apply: (next) => started.reconfigure(next) });
    options.onReady(started.ready);
    let exitCode = 0;
    try {
      await Promise.race([
        aborted(options.signal),
        crash.promise,
        ...(started.hopeless === undefined ? [] : [started.hopeless]),
      ]);
    } catch (error) {
      log.error({ err: error }, 'unexpected error: the process drains and ends');
      exitCode = 1;
    }
    forgetReload();
    await started.stop();
    log.info({}, 'drained');
    return exitCode;
  } finally {
    await tracing.stop();
    process.off('uncaughtException', onCrash);
    process.off('unhandledRejection', onCrash);
    log.flush();
  }
}

function start(role: Role, core: Omit<CoreOptions, 'onOutage'>, instance: string): Promise<StartedRole> {
  switch (role.kind) {
    case 'api':
      return startApi(core);
    case 'worker':
      return startWorker(role, core, instance);
    case 'dev':
      return startDev(core, instance);
  }
}

function reloading(
  { reload }: RunRoleOptions,
  parts: Pick<ReloadParts, 'config' | 'log' | 'metrics' | 'apply'>,
): () => void {
  if (reload === undefined) return () => undefined;
  const reloader = new ConfigReloader({ ...parts, load: reload.load });
  return reload.whenAsked(() => void reloader.reload());
}

async function startApi(core: Omit<CoreOptions, 'onOutage'>): Promise<StartedRole> {
  const api = await openApi(core);
  return {
    ready: { ...apiAddresses(api), redisUrl: core.redisUrl, roles: ['api'] },
    reconfigure: (config) => reconfigure(api, config),
    stop: () => api.close(),
  };
}

async function startWorker(
  role: Extract<Role, { kind: 'worker' }>,
  core: Omit<CoreOptions, 'onOutage'>,
  instance: string,
): Promise<StartedRole> {
  const queues = workedQueues(role.agents);
  const loaded = await Promise.all((role.modules ?? []).map((file) => loadAgents(file, role.instance)));
  const moduleAgents = loaded.flat();
  const workers = await startWorkerRole({
    ...core,
    queues,
    instance,
    moduleAgents,
    ...(role.instance === undefined ? {} : { agentInstance: role.instance }),
    ...(role.concurrency === undefined ? {} : { concurrency: role.concurrency }),
  });
  try {
    const http = await serveWorkerHttp({
      host: core.config.http.host,
      port: core.config.metrics.port,
      metrics: core.metrics,
      readiness: workers.readiness,
    });
    return {
      ready: {
        metricsUrl: `${http.url}/metrics`,
        redisUrl: core.redisUrl,
        roles: [...queues, ...moduleAgents.map(({ type }) => type)],
      },
      hopeless: workers.hopeless,
      reconfigure: (config) => reconfigure(workers, config),
      async stop() {
        await workers.stop();
        await http.stop();
      },
    };
  } catch (error) {
    await workers.stop();
    throw error;
  }
}

/** API and all workers in one process; they share nothing but Redis and the metrics. */
async function startDev(core: Omit<CoreOptions, 'onOutage'>, instance: string): Promise<StartedRole> {
  const workers = await startWorkerRole({ ...core, queues: QUEUE_NAMES, instance });
  try {
    const api = await openApi(core);
    return {
      ready: { ...apiAddresses(api), redisUrl: core.redisUrl, roles: ['api', ...QUEUE_NAMES] },
      hopeless: workers.hopeless,
      reconfigure(config) {
        for (const part of [api, workers]) reconfigure(part, config);
      },
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

function reconfigure({ coordination }: Pick<WorkerRole, 'coordination'>, config: Config): void {
  coordination?.router.configure(routingOptions(config));
}

/** A worker does without what the API is made of. */
async function openApi(core: Omit<CoreOptions, 'onOutage'>): Promise<ApiRole> {
  const { startApiRole } = await import('./api-role.ts');
  return startApiRole(core);
}

function apiAddresses(api: ApiRole) {
  return {
    url: api.url,
    metricsUrl: `${api.url}/metrics`,
    ...(api.boardUrl === null ? {} : { boardUrl: api.boardUrl }),
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** Who owns runs also watches over them: `maintenance` comes with `flow`; `safety` serves both of its queues. */
export function workedQueues(roles: readonly WorkerQueue[]): QueueName[] {
  return roles.flatMap((name): readonly QueueName[] => {
    if (name === 'safety') return SAFETY_QUEUES;
    return name === 'flow' ? [name, 'maintenance'] : [name];
  });
}
