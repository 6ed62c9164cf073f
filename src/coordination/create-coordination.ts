import type { Breakers } from '../resilience/breakers.ts';
import type { CoordinatedAgent } from './agents/agent.ts';
import type { RegisteredAgent } from './agents/local-agent.ts';
import { AgentRegistry } from './agents/registry.ts';
import type { RegistryOptions } from './agents/settings.ts';
import { Capabilities } from './capabilities/capabilities.ts';
import type { InferCapabilities } from './capabilities/discovery/component.ts';
import { CapabilityDiscovery } from './capabilities/discovery/discovery.ts';
import type { Environment } from './capabilities/discovery/environment.ts';
import type { DiscoveryOptions } from './capabilities/discovery/settings.ts';
import type { SemanticScorer } from './capabilities/match/semantic-match.ts';
import type { CapabilityOptions } from './capabilities/settings.ts';
import { agentCircuits, openCircuits, type CircuitOptions } from './circuits.ts';
import { asking } from './messages/availability.ts';
import { MessageCoordinator } from './messages/coordinator.ts';
import type { MessagingOptions } from './messages/settings.ts';
import { agentIdText, parseAgentIdText, type AgentId } from './models/agent-id.ts';
import { openCoordinationCore, type CoreOptions } from './open-core.ts';
import { checkOptions } from './options.ts';
import type { Clock } from './ports.ts';
import { Router } from './routing/router.ts';
import { exclusionOf } from './routing/score.ts';
import { runnerOf } from './routing/field.ts';
import type { RoutingOptions } from './routing/settings.ts';
import type { CallGuard } from './supervision/agent-runner.ts';
import type { SupervisionOptions } from './supervision/settings.ts';
import { Supervisor } from './supervision/supervisor.ts';

export interface CoordinationOptions extends CoreOptions {
  readonly messaging?: MessagingOptions;
  readonly agents?: RegistryOptions;
  readonly router?: RoutingOptions;
  readonly capabilities?: CapabilityOptions;
  /** In the place of the words that `semantic_match` compares. */
  readonly semanticScorer?: SemanticScorer;
  readonly discovery?: DiscoveryOptions;
  /** Where this runs; see `resolveEnvironment`. Default `development`. */
  readonly environment?: Environment;
  /** What agents of a type can do when they do not say it themselves. */
  readonly infer?: InferCapabilities;
  readonly supervision?: SupervisionOptions;
  readonly circuits?: CircuitOptions;
  /** Stands around every call of an agent in the place of the circuit of its type. */
  readonly around?: CallGuard;
  /** Told once when no agent of this process works and none may be restarted. */
  readonly onHopeless?: () => void;
  readonly clock?: Clock;
}

export interface RunAgentOptions {
  /** Take the name from one that is alive. Default false. */
  readonly takeover?: boolean;
}

/** All parts of coordination over one Redis and one key prefix. */
export interface Coordination extends AsyncDisposable {
  readonly coordinator: MessageCoordinator;
  readonly registry: AgentRegistry;
  readonly router: Router;
  readonly capabilities: Capabilities;
  readonly discovery: CapabilityDiscovery;
  readonly supervisor: Supervisor;
  readonly circuits: Breakers;
  /**
   * Connect, recover what earlier processes left, sweep, and look after agents. `runAgent` does so too. Safe to call
   * twice. Errors: redis_unavailable
   */
  start(): Promise<void>;
  /**
   * Register an agent, advertise what it can do, and let it handle the messages of its mailbox and of its type's.
   * Errors: validation, agent_instance_conflict (conflict), redis_unavailable
   */
  runAgent(agent: CoordinatedAgent, options?: RunAgentOptions): Promise<RegisteredAgent>;
  /**
   * Agents stop and deregister, what is held is given back, and every connection that was opened here is closed.
   * Safe to call twice.
   * @param graceMs  how long calls under way may take to finish. Default: `supervision.shutdownGraceMs`.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/**
 * Messages, registry, routing, capabilities, supervision and circuit breakers, put together. Nothing connects before
 * its first use, and a client that is given is never closed.
 * Errors: validation, circuit_config_invalid (both invalid_input)
 */
export function createCoordination(options: CoordinationOptions): Coordination {
  checkOptions(options);
  const { connection, clock } = options;
  const core = openCoordinationCore(options);
  const timed = clock === undefined ? {} : { clock };
  const registry = new AgentRegistry(core, options.agents);
  const router = new Router(core, registry, options.router);
  const coordinator = new MessageCoordinator({ ...messagingOf(options), ...router.hooks });
  const capabilities = new Capabilities({ core, directory: registry, ...capabilitiesOf(options), ...timed });
  const discovery = new CapabilityDiscovery({
    store: capabilities,
    environment: options.environment ?? 'development',
    logger: core.logger,
    ...(options.discovery === undefined ? {} : { settings: options.discovery }),
    ...(options.infer === undefined ? {} : { infer: options.infer }),
  });
  const circuits = openCircuits({ core, connection, ...timed }, options.circuits);
  const supervisor: Supervisor = new Supervisor(
    core,
    {
      registry,
      coordinator,
      resolve: (agent) => router.resolveTarget(agent),
      holderOf: (names) => holderOf(names, capabilities, registry),
      around:
        options.around ??
        agentCircuits(circuits, (type) => {
          const { callTimeouts, callTimeoutMs } = supervisor.settings;
          return callTimeouts[type] ?? callTimeoutMs;
        }),
      ...(options.onHopeless === undefined ? {} : { onHopeless: options.onHopeless }),
      ...timed,
    },
    options.supervision,
  );
  registry.attach(capabilities.hooks);
  registry.attach(discovery.hooks);
  registry.attach({
    onSuperseded: ({ text }) => void discovery.remove(text),
    onDeregistered: (agent) => void discovery.remove(agentIdText(agent)),
  });

  let starting: Promise<void> | undefined;
  const startAll = async (): Promise<void> => {
    // Circuits decide alone until this connection is there.
    await asking(core.redis, 'connect', () => core.redis.ping());
    await coordinator.start();
    registry.start();
    supervisor.start();
  };
  const start = (): Promise<void> => {
    starting ??= startAll().catch((error: unknown) => {
      starting = undefined;
      throw error;
    });
    return starting;
  };

  let closing: Promise<void> | undefined;
  const closeAll = async (graceMs: number): Promise<void> => {
    await starting?.catch(() => undefined);
    await discovery.stop();
    await supervisor.stop({ graceMs });
    await router.flush();
    await registry.close();
    await coordinator.close({ graceMs });
    // What consumers settled while they closed.
    await router.flush();
    await circuits.stop();
    await core.close();
  };
  const close = ({ graceMs = supervisor.settings.shutdownGraceMs } = {}): Promise<void> =>
    (closing ??= closeAll(graceMs));

  return {
    coordinator,
    registry,
    router,
    capabilities,
    discovery,
    supervisor,
    circuits,
    start,
    async runAgent(agent, { takeover = false } = {}) {
      await start();
      const registered = await supervisor.run(agent, { takeover });
      if (agent.capabilities !== undefined || options.infer?.(agent.type) !== undefined)
        discovery.register({ agent: registered.id, capabilities: agent.capabilities ?? [] });
      return registered;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function messagingOf({ connection, keyPrefix, messaging, metrics, logger }: CoordinationOptions) {
  return {
    connection,
    ...(keyPrefix === undefined ? {} : { keyPrefix }),
    ...(messaging === undefined ? {} : { messaging }),
    ...(metrics === undefined ? {} : { metrics }),
    ...(logger === undefined ? {} : { logger }),
  };
}

function capabilitiesOf({ capabilities, semanticScorer }: CoordinationOptions) {
  return {
    ...(capabilities === undefined ? {} : { settings: capabilities }),
    ...(semanticScorer === undefined ? {} : { semanticScorer }),
  };
}

/** The agent with the least to do among those that are fit and can do all of this. */
async function holderOf(
  names: readonly string[],
  capabilities: Capabilities,
  registry: AgentRegistry,
): Promise<AgentId | null> {
  const sets = await capabilities.list();
  const able = sets
    .filter((set) => set.availability && names.every((name) => isActive(set.capabilities, name)))
    .toSorted((one, other) => one.load_factor - other.load_factor);
  for (const { agent_id: text } of able) {
    const agent = parseAgentIdText(text);
    const view = agent === undefined ? null : await registry.get(agent);
    if (agent !== undefined && view !== null && exclusionOf(runnerOf(view), agent.type, true) === null)
      return agent;
  }
  return null;
}

function isActive(capabilities: readonly { name: string; status: string }[], wanted: string): boolean {
  return capabilities.some(({ name, status }) => name === wanted && status === 'active');
}
