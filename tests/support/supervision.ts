import type { CoordinatedAgent } from '../../src/coordination/agents/agent.ts';
import type { StoredAgentEvent } from '../../src/coordination/agents/events.ts';
import { AgentRegistry } from '../../src/coordination/agents/registry.ts';
import type { RegistryOptions } from '../../src/coordination/agents/settings.ts';
import type { MessageCoordinator } from '../../src/coordination/messages/coordinator.ts';
import type { MessagingOptions } from '../../src/coordination/messages/settings.ts';
import { openCoordinationCore, type OpenedCoordinationCore } from '../../src/coordination/open-core.ts';
import type { SupervisionOptions } from '../../src/coordination/supervision/settings.ts';
import { Supervisor, type SupervisorPorts } from '../../src/coordination/supervision/supervisor.ts';
import { CountingSink, Lines, type Post } from './coordination.ts';

export interface HouseOptions extends Partial<Omit<SupervisorPorts, 'registry' | 'coordinator'>> {
  /** Where Redis is. Default: where the post says. */
  readonly url?: string;
  readonly messaging?: MessagingOptions;
  readonly registry?: RegistryOptions;
  readonly supervision?: SupervisionOptions;
}

/** What one process of a fleet has: a coordinator, a registry and a supervisor. Looks and rounds happen when a test asks. */
export class House implements AsyncDisposable {
  readonly metrics = new CountingSink();
  readonly log = new Lines();
  readonly core: OpenedCoordinationCore;
  readonly coordinator: MessageCoordinator;
  readonly registry: AgentRegistry;
  readonly supervisor: Supervisor;

  constructor(post: Post, { url = post.url, messaging, registry, supervision, ...ports }: HouseOptions = {}) {
    const { metrics, log: logger } = this;
    this.core = openCoordinationCore({ connection: url, keyPrefix: post.prefix, metrics, logger });
    this.coordinator = post.coordinator({
      connection: url,
      metrics,
      logger,
      ...(messaging === undefined ? {} : { messaging }),
    });
    this.registry = new AgentRegistry(this.core, {
      heartbeatTtlMs: 60_000,
      heartbeatIntervalMs: 59_999,
      ...registry,
    });
    this.supervisor = new Supervisor(
      this.core,
      { registry: this.registry, coordinator: this.coordinator, ...ports },
      {
        failureDetectionIntervalMs: 3_600_000,
        commandIntervalMs: 60_000,
        handoverIntervalMs: 60_000,
        restartGraceMs: 1000,
        shutdownGraceMs: 5000,
        ...supervision,
      },
    );
    this.supervisor.start();
  }

  async events(...kinds: string[]): Promise<StoredAgentEvent[]> {
    const all = await this.registry.events({ limit: 1000 });
    return kinds.length === 0 ? all : all.filter(({ kind }) => kinds.includes(kind));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.supervisor.stop({ graceMs: 1000 });
    await this.registry.close();
    await this.coordinator.close({ graceMs: 100 });
    await this.core.close();
  }
}

/** An agent that remembers which messages it handled. */
export class Worker implements CoordinatedAgent {
  readonly type: string;
  readonly instance: string;
  readonly concurrency = 1;
  readonly handled: string[] = [];
  /** What it says of its health: null is healthy. */
  trouble: string | null = null;
  readonly process: CoordinatedAgent['process'];

  constructor(instance: string, type = 'bob', work: CoordinatedAgent['process'] = async () => undefined) {
    this.type = type;
    this.instance = instance;
    this.process = async (payload, context) => {
      const result = await work(payload, context);
      this.handled.push(context.message!.message_id);
      return result;
    };
  }

  async healthCheck(): Promise<{ status: 'healthy' | 'unhealthy'; reason?: string }> {
    return this.trouble === null ? { status: 'healthy' } : { status: 'unhealthy', reason: this.trouble };
  }
}
