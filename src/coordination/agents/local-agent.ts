import { randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { z } from 'zod';
import { agentIdText, AgentInstance, AgentType, canonicalAgentId, type AgentId } from '../models/agent-id.ts';
import { AgentResources, type AgentRecord, type DegradedBy } from '../models/agent-record.ts';
import type { AgentRuntimeStatus } from '../models/agent-state.ts';
import { JsonObject } from '../models/json.ts';
import type { JsonValue } from '../../kernel/json.ts';
import { parseInput } from '../validate.ts';
import type { CoordinatedAgent } from './agent.ts';
import { CallWindow } from './call-window.ts';
import { instanceName } from './instance-name.ts';

const DEFAULT_CONCURRENCY = 4;

const WORK = ['process', 'healthCheck', 'rest', 'resume', 'exportState', 'importState'] as const;
const Work = z.custom((value) => typeof value === 'function', 'expected a function');

const Description = z.strictObject({
  type: AgentType,
  instance: AgentInstance.optional(),
  name: z.string().min(1).max(128).optional(),
  version: z.string().max(64).default('unknown'),
  concurrency: z.int().min(1).max(10_000).optional(),
  resources: AgentResources.default({}),
  metadata: JsonObject.default({}),
  process: Work,
  healthCheck: Work.optional(),
  rest: Work.optional(),
  resume: Work.optional(),
  exportState: Work.optional(),
  importState: Work.optional(),
});

export type CallOutcome = 'success' | 'failure' | 'none';

/** An agent that this process has registered. Who runs it tells it of each call. */
export interface RegisteredAgent {
  readonly agent: CoordinatedAgent;
  readonly id: AgentId;
  /** `type:instance`. */
  readonly text: string;
  readonly registrationId: string;
  readonly concurrency: number;
  readonly inFlight: number;
  readonly status: AgentRuntimeStatus;
  /** Whether somebody said so, as it was at its last heartbeat. */
  readonly isDegraded: boolean;
  /** Aborts when it was superseded or deregistered: it must take no more work. */
  readonly signal: AbortSignal;
  /** A call begins. */
  begin(): void;
  /** A call that began has ended; `none` when it was given back and says nothing of the agent. */
  end(outcome: CallOutcome, durationMs: number): void;
  /** What it is while nothing else is known: `idle` and `busy` follow from the calls under way. */
  setCondition(condition: 'initializing' | 'ready' | 'error'): void;
  /** `name@version` of what it advertises; told with the next heartbeat. */
  setCapabilityNames(names: readonly string[]): void;
  /** A part of its metadata; told with the next heartbeat. */
  note(name: string, value: JsonValue): void;
}

/** The members of a record that its script does not write. */
export type RecordRest = Omit<AgentRecord, 'registration_id' | 'heartbeat_ttl_s' | 'last_heartbeat'>;

export interface DegradedMark {
  readonly by: DegradedBy;
  readonly reason: string | null;
}

/** One incarnation of an agent in this process: what it is, what it does, how it went. */
export class LocalAgent implements RegisteredAgent {
  readonly agent: CoordinatedAgent;
  readonly id: AgentId;
  readonly text: string;
  readonly registrationId = randomUUID();
  readonly concurrency: number;
  /** What Redis said last. */
  degraded: DegradedMark | null = null;
  /** Its state as it was saved last; undefined when it is to be saved anew. */
  savedState: string | undefined;
  readonly #description: z.output<typeof Description>;
  readonly #calls = new CallWindow();
  readonly #ending = new AbortController();
  readonly #startedAt = performance.now();
  #registeredAt = new Date(0).toISOString();
  #condition: 'initializing' | 'ready' | 'error' = 'ready';
  #isStopped = false;
  #inFlight = 0;
  #requests = 0;
  #errors = 0;
  #capabilities: readonly string[] = [];
  readonly #notes: Record<string, JsonValue> = {};

  /** Errors: validation (invalid_input), with every wrong member */
  constructor(agent: CoordinatedAgent) {
    const { type, instance, name, version, concurrency, resources, metadata } = agent;
    const described = { type, instance, name, version, concurrency, resources, metadata };
    const work = Object.fromEntries(WORK.map((member) => [member, agent[member]]));
    this.#description = parseInput(Description, { ...described, ...work }, 'agent');
    this.agent = agent;
    this.id = canonicalAgentId({
      type,
      instance: instance ?? instanceName(hostname(), process.pid, randomBytes(3).toString('hex')),
    });
    this.text = agentIdText(this.id);
    this.concurrency = concurrency ?? this.#description.resources.cpu_threads ?? DEFAULT_CONCURRENCY;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get isDegraded(): boolean {
    return this.degraded !== null;
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  get status(): AgentRuntimeStatus {
    if (this.#isStopped) return 'stopped';
    if (this.#condition !== 'ready') return this.#condition;
    return this.#inFlight > 0 ? 'busy' : 'idle';
  }

  begin(): void {
    this.#inFlight += 1;
  }

  end(outcome: CallOutcome, durationMs: number): void {
    this.#inFlight = Math.max(0, this.#inFlight - 1);
    if (outcome === 'none') return;
    this.#requests += 1;
    if (outcome === 'failure') this.#errors += 1;
    this.#calls.add(outcome === 'failure', durationMs);
  }

  setCondition(condition: 'initializing' | 'ready' | 'error'): void {
    this.#condition = condition;
  }

  setCapabilityNames(names: readonly string[]): void {
    this.#capabilities = names;
  }

  note(name: string, value: JsonValue): void {
    this.#notes[name] = value;
  }

  /** It takes no more work; nobody routes to it. */
  markStopped(): void {
    this.#isStopped = true;
  }

  /** It takes work again. */
  markRunning(): void {
    this.#isStopped = false;
  }

  /** It is no longer registered by this process. */
  abandon(why: string): void {
    this.#ending.abort(new Error(`agent ${this.text} ${why}`));
  }

  /** By the clock of Redis. */
  registeredAt(ms: number): void {
    this.#registeredAt = new Date(ms).toISOString();
  }

  /** What the next heartbeat tells. */
  record(): RecordRest {
    const { name = this.text, version, resources, metadata } = this.#description;
    return {
      name,
      agent_id: this.text,
      host: hostname(),
      pid: process.pid,
      version,
      status: {
        running: !this.#isStopped,
        degraded: this.degraded !== null,
        degraded_by: this.degraded?.by ?? null,
        status: this.status,
        reason: this.degraded?.reason ?? null,
      },
      metrics: {
        uptime_s: Math.round((performance.now() - this.#startedAt) / 100) / 10,
        requests: this.#requests,
        errors: this.#errors,
        in_flight: this.#inFlight,
        concurrency: this.concurrency,
      },
      performance: this.#calls.figures(),
      registered_at: this.#registeredAt,
      resources,
      capabilities: [...this.#capabilities],
      metadata: { ...metadata, ...this.#notes },
    };
  }
}
