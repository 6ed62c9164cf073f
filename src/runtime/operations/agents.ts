import type { Queue } from 'bullmq';
import { servesAgents } from '../../../queues/catalogue.ts';
import type { AgentView } from '../../coordination/agents/directory.ts';
import type {
  AgentHealth,
  AgentInclude,
  AgentListing,
  AgentOperations,
  AskedOfAgent,
} from '../../coordination/agents/operations.ts';
import { ComponentStatus, discoveryStatus } from '../../coordination/capabilities/discovery/status.ts';
import { agentIdText, type AgentIdInput } from '../../coordination/models/agent-id.ts';
import type { AgentCapabilitySet } from '../../coordination/models/capability.ts';
import { longAgentType } from '../../contracts/agent-type.ts';
import type { Caller } from '../../contracts/caller.ts';
import { FleetError } from '../../kernel/errors.ts';
import type { FleetCoordination } from '../open-coordination.ts';
import { asked, fleetAgent } from './messages.ts';

type Parts = Pick<FleetCoordination, 'registry' | 'router' | 'capabilities' | 'discovery' | 'supervisor'>;

/** The agents of the fleet as HTTP and the CLI know them. */
export function agentOperations(
  { registry, router, capabilities, discovery, supervisor }: Parts,
  queues: ReadonlyMap<string, Queue>,
): AgentOperations {
  async function listings(type?: string, include: readonly AgentInclude[] = []): Promise<AgentListing[]> {
    const [views, strangers, sets] = await Promise.all([
      registry.list(type === undefined ? {} : { type }),
      workersByType(queues, type),
      include.includes('capabilities') ? capabilities.list() : [],
    ]);
    const setOf = new Map(sets.map((set) => [set.agent_id, set]));
    const known = new Set(views.map(({ text }) => text));
    return [
      ...views.map((view) => listingOf(view, include, setOf.get(view.text) ?? null)),
      ...strangers.filter(({ agent_id: text }) => !known.has(text)),
    ];
  }

  async function command(
    agent: AgentIdInput,
    what: 'restart' | 'drain',
    reason: string | undefined,
    caller: Caller,
  ): Promise<AskedOfAgent> {
    const id = fleetAgent(agent);
    const request = { command: what, by: caller.id, ...(reason === undefined ? {} : { reason }) };
    const { command_id } = await supervisor.request(id, request);
    return { agent_id: agentIdText(id), command: what, command_id, changed: true };
  }

  async function setDegraded(agent: AgentIdInput, isDegraded: boolean, reason: string | null) {
    const id = fleetAgent(agent);
    const outcome = await registry.setDegraded(id, isDegraded, reason);
    if (outcome === 'unknown') throw notFound(id);
    return {
      agent_id: agentIdText(id),
      command: isDegraded ? 'degrade' : 'undegrade',
      command_id: null,
      changed: outcome === 'changed',
    } as const;
  }

  return {
    listAgents: ({ type, status, include }) =>
      asked(async () => {
        const all = await listings(type === undefined ? undefined : longAgentType(type), include);
        return status === undefined ? all : all.filter((agent) => agent.status === status);
      }),
    getAgent: (agent) =>
      asked(async () => {
        const id = fleetAgent(agent);
        const view = await registry.get(id);
        if (view === null) throw notFound(id);
        const set = (await capabilities.list()).find(({ agent_id: text }) => text === view.text);
        return listingOf(view, ['capabilities', 'discovery'], set ?? null);
      }),
    deregisterAgent: (agent) =>
      asked(async () => {
        const id = fleetAgent(agent);
        const view = await registry.get(id);
        if (view === null || !(await registry.evict(id, { reason: 'asked by an operator' })))
          throw notFound(id);
        await supervisor.fallback.handOver(view.id, 'deregistered', view.record.registration_id);
      }),
    drainAgent: (agent, { reason }, caller) => asked(() => command(agent, 'drain', reason, caller)),
    restartAgent: (agent, { reason }, caller) => asked(() => command(agent, 'restart', reason, caller)),
    degradeAgent: (agent, { reason }) => asked(() => setDegraded(agent, true, reason ?? null)),
    undegradeAgent: (agent) => asked(() => setDegraded(agent, false, null)),
    previewRouting: ({ agentType, excludeDegraded, showAllCandidates }) =>
      asked(() =>
        router.preview(longAgentType(agentType), {
          ...(excludeDegraded === undefined ? {} : { excludeDegraded }),
          ...(showAllCandidates === undefined ? {} : { showAllCandidates }),
        }),
      ),
    discoverCapabilities: (request) => asked(() => capabilities.discoverRequest(request)),
    listCapabilities: () => asked(() => capabilities.list()),
    capabilityStatistics: () => asked(() => capabilities.statistics()),
    discoveryStatus: () =>
      asked(async () => {
        const views = await registry.list({ isAlive: true });
        const components = views.flatMap(({ record }) => componentOf(record.metadata) ?? []);
        const { environment, enabled } = discovery.status();
        return { ...discoveryStatus(components, environment, discovery.settings), enabled };
      }),
    systemSummary: () =>
      asked(async () => {
        const [agents, statistics] = await Promise.all([listings(), capabilities.statistics()]);
        const healths = agents.map(lasting);
        const count = (health: AgentHealth): number => healths.filter((own) => own === health).length;
        return {
          total_agents: agents.length,
          healthy_agents: count('healthy'),
          degraded_agents: count('degraded'),
          unhealthy_agents: count('unhealthy'),
          unknown_agents: count('unknown'),
          total_capabilities: statistics.total_capabilities,
          unique_capability_types: Object.values(statistics.by_type).filter((n) => n > 0).length,
          overall_health: overallHealth(healths),
        };
      }),
    systemHealth: () =>
      asked(async () => {
        const agents = await listings();
        return {
          overall_health: overallHealth(agents.map(lasting)),
          agents: agents.map((agent) => ({
            agent_id: agent.agent_id,
            agent_type: agent.agent_type,
            status: agent.status,
            last_heartbeat_age: agent.last_heartbeat_age,
            health: lasting(agent),
          })),
        };
      }),
  };
}

function listingOf(
  { id, text, record, isAlive, heartbeatAgeMs }: AgentView,
  include: readonly AgentInclude[],
  set: AgentCapabilitySet | null,
): AgentListing {
  const { status, metrics } = record;
  const { discovery: _, ...metadata } = record.metadata;
  return {
    agent_id: text,
    agent_type: id.type,
    instance: id.instance ?? 'default',
    registered: true,
    alive: isAlive,
    status: isAlive ? status.status : 'lost',
    health: isAlive ? (status.degraded ? 'degraded' : 'healthy') : 'unhealthy',
    degraded: status.degraded ? { by: status.degraded_by, reason: status.reason } : null,
    last_heartbeat: record.last_heartbeat,
    last_heartbeat_age: heartbeatAgeMs / 1000,
    heartbeat_ttl_s: record.heartbeat_ttl_s,
    registered_at: record.registered_at,
    uptime_s: metrics.uptime_s,
    current_load: Math.min(1, metrics.in_flight / metrics.concurrency),
    in_flight: metrics.in_flight,
    concurrency: metrics.concurrency,
    requests: metrics.requests,
    errors: metrics.errors,
    host: record.host,
    pid: record.pid,
    version: record.version,
    resources: record.resources,
    capabilities: record.capabilities,
    performance: record.performance,
    metadata,
    ...(include.includes('capabilities') ? { capability_set: set } : {}),
    ...(include.includes('discovery') ? { discovery: componentOf(record.metadata) ?? null } : {}),
  };
}

/** Workers of agents' queues as BullMQ knows them, whether they are registered or not. */
async function workersByType(queues: ReadonlyMap<string, Queue>, type?: string): Promise<AgentListing[]> {
  const wanted = [...queues].filter(
    ([name]) => servesAgents(name) && (type === undefined || longAgentType(name) === type),
  );
  const found = await Promise.all(
    wanted.map(async ([name, queue]) => {
      const workers = await queue.getWorkers();
      return workers.map((worker) => stranger(longAgentType(name), workerName(worker['rawname'] ?? '')));
    }),
  );
  const byText = new Map(found.flat().map((each) => [each.agent_id, each]));
  return [...byText.values()].toSorted((one, other) => (one.agent_id < other.agent_id ? -1 : 1));
}

/** BullMQ names its connections `<prefix>:<queue>:w:<name of the worker>`. */
function workerName(connection: string): string {
  const at = connection.lastIndexOf(':w:');
  return at === -1 ? 'unnamed' : connection.slice(at + 3);
}

function stranger(type: string, instance: string): AgentListing {
  return {
    agent_id: `${type}:${instance}`,
    agent_type: type,
    instance,
    registered: false,
    alive: true,
    status: 'unknown',
    health: 'unknown',
    degraded: null,
    last_heartbeat: null,
    last_heartbeat_age: null,
    heartbeat_ttl_s: null,
    registered_at: null,
    uptime_s: null,
    current_load: null,
    in_flight: null,
    concurrency: null,
    requests: null,
    errors: null,
    host: null,
    pid: null,
    version: null,
    resources: {},
    capabilities: [],
    performance: null,
    metadata: {},
  };
}

/** Diagnostics wait longer than routing before they call an agent sick. Source: spec, operations 2.2 */
function lasting({ health, last_heartbeat_age: age, heartbeat_ttl_s: ttl }: AgentListing): AgentHealth {
  if (age === null || ttl === null) return 'unknown';
  if (age >= 10 * ttl) return 'unhealthy';
  return age >= 2 * ttl || health === 'degraded' ? 'degraded' : 'healthy';
}

function overallHealth(healths: readonly AgentHealth[]): AgentHealth {
  if (healths.every((health) => health === 'unknown')) return 'unknown';
  if (healths.every((health) => health === 'unhealthy' || health === 'unknown')) return 'unhealthy';
  return healths.some((health) => health === 'degraded' || health === 'unhealthy') ? 'degraded' : 'healthy';
}

function componentOf({ discovery }: { readonly discovery?: unknown }): ComponentStatus | undefined {
  return ComponentStatus.safeParse(discovery).data;
}

function notFound(agent: AgentIdInput): FleetError {
  return new FleetError({
    code: 'agent_not_found',
    kind: 'not_found',
    message: `there is no agent ${agentIdText(agent)}`,
  });
}
