import type { Config } from '../../config/schema.ts';
import type { AgentName } from '../contracts/agent-type.ts';
import type { FleetOperations } from '../contracts/operations.ts';
import type { AgentOperations } from '../coordination/agents/operations.ts';
import type { Migration } from '../coordination/migration/migration.ts';
import type { MessageOperations } from '../coordination/messages/operations.ts';
import type { MetricSpec } from '../observability/metric-catalogue.ts';
import type { HostDescription } from '../resources/host.ts';
import type { Plans } from '../runtime/open-plans.ts';
import type { SafetyTools } from '../runtime/open-safety.ts';
import type { PrimitivesBench } from '../runtime/primitives-bench.ts';

/**
 * Everything the commands need from the rest of the product. `main.ts` fills it from runtime; tests fill it
 * with fakes.
 */
export interface CliPorts {
  openFleet(config: Config): Promise<OpenFleet>;
  openRemote(target: RemoteTarget): Promise<RemoteFleet>;
  /** The mailboxes at a Redis, without the fleet around them. */
  openMessages(config: Config): Promise<OpenMessages>;
  /** What the Python original left at a Redis, to be taken over. */
  openMigration(config: Config, from: string): Promise<Migration>;
  /** The plans of a fleet of this configuration, without the fleet. */
  openPlans(config: Config): Promise<Plans>;
  benchPrimitives(options: { rounds: number; signal: AbortSignal }): Promise<PrimitivesBench>;
  runRole(role: Role, config: Config, options: RunRoleOptions): Promise<number>;
  startDevFleet(config: Config, options: DevFleetOptions): Promise<DevFleet>;
  startRedis(options: { dataDir: string; persistent: boolean }): Promise<EmbeddedRedis>;
  /** Path of a usable `redis-server`, or null when this machine has none. */
  findRedisServer(): string | null;
  describeHost(directory: string): Promise<HostDescription>;
  listMetrics(): readonly MetricSpec[];
  /**
   * Judges texts here; no fleet is needed.
   * @param locale  default `en`; errors: safety_data_invalid where there are no words for it
   */
  openSafety(locale?: string): Promise<SafetyTools>;
}

export type { Migration };
export type { MigrationReport } from '../coordination/migration/report.ts';
export type { Removal, Verification } from '../coordination/migration/remove-source.ts';

/** What the commands use of {@link MessageOperations}; the HTTP client offers the same. */
export type CliMessageOperations = Pick<
  MessageOperations,
  'sendMessage' | 'listMailboxes' | 'getMailbox' | 'recoverMessages' | 'messageAudit'
>;

/** What the commands use of {@link FleetOperations}; the HTTP client offers the same. */
export type CliOperations = Pick<
  FleetOperations,
  | 'submitTurn'
  | 'getSession'
  | 'exportSession'
  | 'deleteSession'
  | 'listTurns'
  | 'getWorld'
  | 'listWorldVersions'
  | 'startRun'
  | 'listRuns'
  | 'getRun'
  | 'cancelRun'
  | 'signalRun'
  | 'resumeRun'
  | 'rerunRun'
  | 'listSchedules'
  | 'getSchedule'
  | 'putSchedule'
  | 'deleteSchedule'
  | 'whyRun'
  | 'rollbackRun'
  | 'checkRuns'
  | 'runEvents'
  | 'listFleetEvents'
  | 'fleetEvents'
  | 'listDefinitions'
  | 'getDefinition'
  | 'putDefinition'
  | 'deleteDefinition'
  | 'runTokens'
  | 'safety'
  | 'putSafetyRules'
  | 'rollbackSafetyRules'
  | 'reloadSafetyRules'
  | 'status'
  | 'listQueues'
  | 'deleteQueue'
  | 'listBreakers'
  | 'getBreaker'
  | 'resetBreaker'
  | 'openBreaker'
  | 'costs'
  | 'listDeadLetters'
  | 'getDeadLetter'
  | 'replayDeadLetter'
  | 'discardDeadLetter'
  | 'listInterventions'
  | 'getIntervention'
  | 'resolveIntervention'
  | 'releaseSession'
  | 'listEscalations'
  | 'getEscalation'
  | 'acknowledgeEscalation'
  | 'resolveEscalation'
  | 'listSafetyAlerts'
  | 'testChannel'
>;

/** What the commands use of {@link AgentOperations}; the HTTP client offers the same. */
export type CliAgentOperations = Pick<
  AgentOperations,
  | 'listAgents'
  | 'getAgent'
  | 'drainAgent'
  | 'restartAgent'
  | 'degradeAgent'
  | 'undegradeAgent'
  | 'previewRouting'
  | 'listCapabilities'
  | 'discoverCapabilities'
>;

export interface OpenMessages {
  readonly operations: CliMessageOperations;
  close(): Promise<void>;
}

/** A fleet reached directly at its Redis. */
export interface OpenFleet {
  readonly operations: FleetOperations & AgentOperations;
  /** Names of the fleet's queues. */
  readonly queues: readonly string[];
  redisInfo(): Promise<RedisFacts>;
  close(): Promise<void>;
}

export interface RemoteTarget {
  readonly baseUrl: string;
  readonly apiKey?: string;
}

/** A fleet reached through its HTTP API. */
export interface RemoteFleet {
  readonly operations: CliOperations & CliAgentOperations & CliMessageOperations;
  close(): Promise<void>;
}

export interface RedisFacts {
  /** Without credentials. */
  readonly url: string;
  readonly version: string;
  readonly maxmemoryPolicy: string;
  readonly appendOnly: boolean;
  /** Median of a few round trips. */
  readonly latencyMs: number;
  /** Redis time minus local time, corrected by half a round trip. */
  readonly clockSkewMs: number;
  readonly usedMemoryBytes: number;
  /** Null when Redis has no limit of its own. */
  readonly maxMemoryBytes: number | null;
}

export const WORKER_QUEUES = ['ipa', 'wba', 'nga', 'flow', 'safety'] as const;
/** `flow` also serves `maintenance`, `safety` both queues of its name. */
export type WorkerQueue = (typeof WORKER_QUEUES)[number];

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

export interface RunRoleOptions {
  /**
   * Aborts on the first SIGTERM or SIGINT: drain, then resolve with the exit code. The CLI owns the process's
   * signals and ends the process at once on the second one, so a role installs no handlers.
   */
  readonly signal: AbortSignal;
  readonly onReady: (ready: RoleReady) => void;
  /** How the configuration is read anew, and who says when. */
  readonly reload?: {
    readonly load: () => Promise<Config>;
    /** Returns what ends it. */
    readonly whenAsked: (listener: () => void) => () => void;
  };
}

export interface RoleReady {
  readonly url?: string;
  readonly boardUrl?: string;
  readonly metricsUrl?: string;
  readonly redisUrl: string;
  readonly roles: readonly string[];
}

/** An error thrown instead of an agent's work, so that failure can be watched on purpose. */
export interface Fault {
  readonly code: string;
  readonly message: string;
  readonly times: number | 'until_cleared';
}

export interface DevFleetOptions {
  readonly faults?: Partial<Record<AgentName, Fault>>;
}

/** API and all workers in this process, until `stop`. */
export interface DevFleet {
  readonly operations: FleetOperations;
  readonly url: string;
  readonly boardUrl: string;
  readonly metricsUrl: string;
  clearFault(agent: AgentName): void;
  stop(): Promise<void>;
}

export interface EmbeddedRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}
