import { systemClock, type Clock } from '../../kernel/clock.ts';
import type { CoordinatedAgent } from '../agents/agent.ts';
import type { RegisteredAgent } from '../agents/local-agent.ts';
import { Loop } from '../agents/loop.ts';
import type { AgentRegistry } from '../agents/registry.ts';
import type { CoordinationCore } from '../core.ts';
import { CoordinationClosedError } from '../errors.ts';
import type { MessageCoordinator } from '../messages/coordinator.ts';
import { AgentId, agentIdText, type AgentIdInput } from '../models/agent-id.ts';
import { parseInput } from '../validate.ts';
import { AgentRunner, type CallGuard } from './agent-runner.ts';
import {
  detailsOf,
  isForWhoIsThere,
  pendingCommands,
  requestCommand,
  settleCommand,
  type AgentCommand,
  type AgentCommandRequest,
  type PendingCommand,
} from './commands.ts';
import { Fallback, type FallbackPorts } from './fallback.ts';
import { SupervisionSettings, type SupervisionOptions } from './settings.ts';
import { SupervisedAgent } from './supervised-agent.ts';

export interface SupervisorPorts extends Omit<FallbackPorts, 'registry' | 'coordinator'> {
  readonly registry: AgentRegistry;
  readonly coordinator: MessageCoordinator;
  readonly clock?: Clock;
  /** Every call of an agent goes through it, as through a circuit breaker. Default: nothing in between. */
  readonly around?: CallGuard;
  /** Told once when no agent of this process works and none may be restarted: it had better end. */
  readonly onHopeless?: () => void;
}

/** How an agent of this process is doing. */
export interface SupervisedView {
  readonly agent: string;
  readonly trouble: string | null;
  readonly is_drained: boolean;
  readonly is_restart_denied: boolean;
}

/**
 * Runs the agents of this process and looks after them: it checks their health, restarts what fails, does what
 * operators ask, and sees that no message waits for an agent that cannot handle it. Nothing begins before `start`.
 */
export class Supervisor implements AsyncDisposable {
  readonly settings: SupervisionSettings;
  readonly fallback: Fallback;
  readonly #core: CoordinationCore;
  readonly #ports: SupervisorPorts;
  readonly #agents = new Map<string, SupervisedAgent>();
  readonly #commands = new Loop(() => this.#commandRound());
  readonly #begun = new Map<string, Promise<void>>();
  /** Commands that are done, should it have been impossible to say so. */
  readonly #done = new Set<string>();
  #isHopeless = false;
  #stopping: Promise<void> | undefined;

  /** Errors: validation (invalid_input) */
  constructor(core: CoordinationCore, ports: SupervisorPorts, options: SupervisionOptions = {}) {
    this.settings = parseInput(SupervisionSettings, options, 'supervision');
    this.#core = core;
    this.#ports = ports;
    this.fallback = new Fallback(core, ports, this.settings.handoverIntervalMs);
  }

  start(): void {
    this.#assertOpen('start');
    this.fallback.start();
    this.#commands.start(this.settings.commandIntervalMs);
  }

  /**
   * Register an agent and let it work.
   * Errors: validation, agent_instance_conflict (conflict), redis_unavailable
   */
  async run(agent: CoordinatedAgent, { takeover = false } = {}): Promise<RegisteredAgent> {
    this.#assertOpen('run');
    const { registry, coordinator, clock = systemClock, around } = this.#ports;
    const { metrics, logger } = this.#core;
    const { callTimeouts, callTimeoutMs } = this.settings;
    const runner = await AgentRunner.start(
      agent,
      {
        registry,
        coordinator,
        logger,
        ...(around === undefined ? {} : { around }),
        onDeparting: async ({ id, registrationId }) => {
          await this.fallback.handOver(id, 'deregistered', registrationId);
        },
      },
      { timeoutMs: callTimeouts[agent.type] ?? callTimeoutMs, takeover },
    );
    if (this.#stopping !== undefined) {
      await runner.stop(0);
      this.#assertOpen('run');
    }
    const supervised = new SupervisedAgent(
      runner,
      {
        registry,
        metrics,
        logger,
        clock,
        onSetAside: async ({ registered: { id, registrationId } }, reason) => {
          await this.fallback.handOver(id, reason, registrationId);
        },
        onBack: async ({ registered: { id } }) => {
          await this.fallback.withdraw(id);
        },
        onLooked: () => this.#despairIfHopeless(),
      },
      this.settings,
    );
    this.#agents.set(runner.registered.text, supervised);
    runner.registered.signal.addEventListener('abort', () => this.#gone(supervised), { once: true });
    if (this.settings.failureDetection) supervised.start();
    return runner.registered;
  }

  /** The agents of this process. */
  list(): SupervisedView[] {
    return [...this.#agents].map(([agent, supervised]) => ({
      agent,
      trouble: supervised.trouble,
      is_drained: supervised.isDrained,
      is_restart_denied: supervised.isHopeless,
    }));
  }

  /** Look at all agents of this process now. */
  async checkAll(): Promise<void> {
    await Promise.allSettled([...this.#agents.values()].map((agent) => agent.check()));
    this.#despairIfHopeless();
  }

  /**
   * Ask something of an agent in whatever process: `restart`, `drain` or `reset_restarts`. An event with the returned
   * `command_id` tells what came of it.
   * Errors: validation, agent_not_found (not_found), agent_not_alive (conflict), redis_unavailable
   */
  request(agent: AgentIdInput, request: AgentCommandRequest): Promise<AgentCommand> {
    return requestCommand(this.#core, this.#ports.registry, agent, request);
  }

  /** Start an agent of this process anew, whatever the policy says; false when it failed, or is none of this process. */
  async restart(agent: AgentIdInput): Promise<boolean> {
    return (await this.#find(agent)?.restart()) ?? false;
  }

  /** Failed restarts of an agent of this process are forgotten. False when it is none of this process. */
  async resetRestarts(agent: AgentIdInput): Promise<boolean> {
    const supervised = this.#find(agent);
    await supervised?.resetRestarts();
    return supervised !== undefined;
  }

  /** An agent of this process takes nothing more until it is restarted. False when it is none of this process. */
  async drain(agent: AgentIdInput): Promise<boolean> {
    const supervised = this.#find(agent);
    await supervised?.drain();
    return supervised !== undefined;
  }

  /** Do what operators asked of agents of this process. Errors: redis_unavailable */
  async obey(): Promise<void> {
    await this.#readCommands();
    await Promise.all(this.#begun.values());
  }

  /**
   * All agents of this process take nothing more, and everybody knows; they stay registered until `stop`. Returns when
   * none has anything in hand, or the grace is over.
   */
  async pause({ graceMs = this.settings.shutdownGraceMs } = {}): Promise<void> {
    await this.#commands.stop();
    await this.#markStopped();
    await Promise.all([...this.#agents.values()].map((agent) => agent.rest()));
    await Promise.all([...this.#agents.values()].map(({ runner }) => runner.rest(graceMs)));
  }

  /**
   * The controlled end of all agents of this process, side by side. Safe to call twice.
   * @param graceMs  how long calls under way may take to finish. Default: `shutdownGraceMs`.
   */
  stop({ graceMs = this.settings.shutdownGraceMs, reason = 'shutdown' } = {}): Promise<void> {
    this.#stopping ??= this.#stop(graceMs, reason);
    return this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(graceMs: number, reason: string): Promise<void> {
    await this.#commands.stop();
    const agents = [...this.#agents.values()];
    // All of them at once, before the messages of one are handed to another that will go as well.
    await this.#markStopped();
    await Promise.all(agents.map((agent) => agent.rest()));
    await Promise.all(agents.map(({ runner }) => runner.stop(graceMs, reason)));
    this.#agents.clear();
    await Promise.all(this.#begun.values());
    await this.fallback.stop();
  }

  async #markStopped(): Promise<void> {
    const { registry } = this.#ports;
    await Promise.allSettled(
      [...this.#agents.values()].map(({ runner }) => registry.markStopped(runner.registered.id)),
    );
  }

  #find(agent: AgentIdInput): SupervisedAgent | undefined {
    return this.#agents.get(agentIdText(parseInput(AgentId, agent, 'agent')));
  }

  #assertOpen(what: string): void {
    if (this.#stopping !== undefined) throw new CoordinationClosedError(what);
  }

  /** It lost its name, and takes no more messages. Nobody waits for that. */
  #gone(supervised: SupervisedAgent): void {
    const { registered } = supervised.runner;
    if (this.#agents.get(registered.text) === supervised) this.#agents.delete(registered.text);
    void supervised.rest();
    void supervised.runner.leave(this.settings.restartGraceMs);
  }

  #despairIfHopeless(): void {
    const agents = [...this.#agents.values()];
    const isHopeless = agents.length > 0 && agents.every((agent) => agent.isHopeless);
    if (isHopeless && !this.#isHopeless) {
      this.#core.logger.error({ agents: [...this.#agents.keys()] }, 'no agent of this process can work');
      this.#ports.onHopeless?.();
    }
    this.#isHopeless = isHopeless;
  }

  async #commandRound(): Promise<number> {
    try {
      await this.#readCommands();
    } catch (error) {
      this.#core.logger.debug({ err: error }, 'what operators asked could not be read');
    }
    return this.settings.commandIntervalMs;
  }

  /** Begins what is asked; a drain takes its time, and the next command must not wait for it. */
  async #readCommands(): Promise<void> {
    const agents = [...this.#agents.values()].map(({ runner }) => runner.registered.id);
    for (const pending of await pendingCommands(this.#core, agents)) {
      if (this.#begun.has(pending.raw)) continue;
      const doing = this.#do(pending)
        .catch((error: unknown) =>
          this.#core.logger.warn({ agent: pending.agent, err: error }, 'a command is to be done again'),
        )
        .finally(() => this.#begun.delete(pending.raw));
      this.#begun.set(pending.raw, doing);
    }
  }

  async #do(pending: PendingCommand): Promise<void> {
    if (!this.#done.has(pending.raw) && !(await this.#carryOut(pending))) return;
    this.#done.add(pending.raw);
    await settleCommand(this.#core, pending);
    this.#done.delete(pending.raw);
  }

  /** False when it is for another process. */
  async #carryOut(pending: PendingCommand): Promise<boolean> {
    const { agent, command } = pending;
    const supervised = this.#find(agent);
    const registered = supervised?.runner.registered;
    if (supervised === undefined || command?.registration_id !== registered?.registrationId) {
      if (await isForWhoIsThere(this.#ports.registry, pending)) return false;
      const why = command === undefined ? 'it cannot be read' : 'it was meant for an earlier incarnation';
      await this.#ports.registry.tell('command_dropped', agent, { ...detailsOf(command), why });
      return true;
    }
    const details = detailsOf(command);
    switch (command?.command) {
      case 'restart':
        await supervised.restart(details);
        break;
      case 'drain':
        await supervised.drain(details);
        break;
      case 'reset_restarts':
        await supervised.resetRestarts(details);
    }
    return true;
  }
}
