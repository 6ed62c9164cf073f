import { isFleetError } from '../../kernel/errors.ts';
import type { AgentCallContext, CoordinatedAgent } from '../agents/agent.ts';
import type { CallOutcome, RegisteredAgent } from '../agents/local-agent.ts';
import type { AgentRegistry } from '../agents/registry.ts';
import type { Consumer, HandlerContext } from '../messages/consume.ts';
import type { MessageCoordinator } from '../messages/coordinator.ts';
import type { AgentId } from '../models/agent-id.ts';
import type { AgentMessage } from '../models/message.ts';
import type { ReceivedMessage } from '../models/queue-message.ts';
import type { LogFields, Logger } from '../ports.ts';
import { answerRequest } from './answer.ts';

/** Calls `work`, or refuses; `circuit_open` puts the message off without counting an attempt. */
export type CallGuard = <T>(
  agent: AgentId,
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
) => Promise<T>;

export interface RunnerPorts {
  readonly registry: AgentRegistry;
  readonly coordinator: MessageCoordinator;
  readonly logger: Logger;
  /** Every call of an agent goes through it, as through a circuit breaker. Default: nothing in between. */
  readonly around?: CallGuard;
  /** Told before an agent leaves for good: its messages are to be handed over. */
  readonly onDeparting?: (agent: RegisteredAgent) => Promise<void>;
}

export interface RunnerOptions {
  /** How long the agent may work on one message. */
  readonly timeoutMs: number;
}

/**
 * One agent at work: registered, and fed from its own mailbox and the one its type shares.
 *
 *   start ──▶ working ⇄ at rest (rest, resume) ──▶ gone (stop)
 *
 * Each message is handled by one call of `process`; what that returns answers a request. Status and performance are
 * told to the registry with each call.
 */
export class AgentRunner {
  readonly registered: RegisteredAgent;
  readonly #ports: RunnerPorts;
  readonly #options: RunnerOptions;
  #consumer: Consumer | undefined;
  #stopping: Promise<void> | undefined;

  private constructor(registered: RegisteredAgent, ports: RunnerPorts, options: RunnerOptions) {
    this.registered = registered;
    this.#ports = ports;
    this.#options = options;
  }

  /**
   * Register the agent, which restores its state, and begin to work.
   * Errors: validation, agent_instance_conflict (conflict), redis_unavailable
   */
  static async start(
    agent: CoordinatedAgent,
    ports: RunnerPorts,
    { takeover = false, ...options }: RunnerOptions & { readonly takeover?: boolean },
  ): Promise<AgentRunner> {
    const registered = await ports.registry.register(agent, { takeover });
    const runner = new AgentRunner(registered, ports, options);
    try {
      runner.resume();
    } catch (error) {
      await ports.registry.deregister(registered.id, { reason: 'it cannot consume' }).catch(() => false);
      throw error;
    }
    return runner;
  }

  /** Whether it takes messages. */
  get isWorking(): boolean {
    return this.#consumer?.isRunning === true;
  }

  /** Take messages, unless it does so already or has stopped. */
  resume(): void {
    if (this.#stopping !== undefined || this.registered.signal.aborted) return;
    this.registered.agent.resume?.();
    if (this.isWorking) return;
    this.#consumer = this.#ports.coordinator.consume(
      this.registered.id,
      (received, context) => this.#handle(received, context),
      { concurrency: this.registered.concurrency, timeoutMs: this.#options.timeoutMs },
    );
  }

  /** Take nothing more, and stay registered. Returns when nothing is being handled any more. */
  async rest(graceMs: number): Promise<void> {
    const consumer = this.#consumer;
    // Who lost its name is no agent any more; what else it does is its own business.
    const isAgent = !this.registered.signal.aborted;
    await Promise.all([consumer?.close({ graceMs }), isAgent && this.registered.agent.rest?.(graceMs)]);
    if (this.#consumer === consumer) this.#consumer = undefined;
  }

  /** It lost its name, and works no more; never throws. */
  leave(graceMs: number): Promise<void> {
    return this.#try('let it rest', () => this.rest(graceMs));
  }

  /** Begin anew: another worker, the state that was saved last, and a heartbeat. Errors: redis_unavailable */
  async restart(graceMs: number): Promise<void> {
    const { registry } = this.#ports;
    await this.rest(graceMs);
    // What it knows by now is saved first, if it can be had.
    await registry.heartbeat();
    await registry.restore(this.registered.id);
    await registry.markRunning(this.registered.id);
    this.resume();
  }

  /**
   * The controlled end: everybody knows that it takes no more work; calls under way finish, or are given back when the
   * grace is over; its state is saved; its messages are handed over; it is gone. Safe to call twice.
   */
  stop(graceMs: number, reason = 'shutdown'): Promise<void> {
    this.#stopping ??= this.#stop(graceMs, reason);
    return this.#stopping;
  }

  async #stop(graceMs: number, reason: string): Promise<void> {
    const { registry, onDeparting } = this.#ports;
    const { id } = this.registered;
    await this.#try('mark it stopped', () => registry.markStopped(id));
    await this.#try('let it rest', () => this.rest(graceMs));
    if (this.registered.signal.aborted) return;
    await this.#try('hand over its messages', async () => onDeparting?.(this.registered));
    await this.#try('deregister it', () => registry.deregister(id, { reason }));
  }

  /** The end goes on, whatever is not there any more. */
  async #try(what: string, act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#ports.logger.warn({ agent: this.registered.text, what, err: error }, 'an agent ends untidily');
    }
  }

  async #handle({ queue_message: queued }: ReceivedMessage, { signal }: HandlerContext): Promise<void> {
    const { agent, id } = this.registered;
    const { coordinator, around = unguarded } = this.#ports;
    const { message } = queued;
    const end = this.#begin(signal);
    try {
      const work = (inner: AbortSignal) => agent.process(message.payload, this.#context(message, inner));
      const result = await around(id, work, signal);
      // Nobody waits for what comes after the end, and the message is somebody else's by now.
      if (signal.aborted) return;
      await answerRequest(queued, id, result, (answer) => coordinator.send(answer));
      end('success');
    } catch (error) {
      // An open circuit says nothing of the agent.
      end(isFleetError(error) && error.code === 'circuit_open' ? 'none' : 'failure');
      throw error;
    }
  }

  /** Counts the call; the returned function ends it, once. One that is aborted ends at once, heard or not. */
  #begin(signal: AbortSignal): (outcome: CallOutcome) => void {
    const startedAt = performance.now();
    let isOver = false;
    const end = (outcome: CallOutcome): void => {
      if (isOver) return;
      isOver = true;
      this.registered.end(outcome, performance.now() - startedAt);
    };
    this.registered.begin();
    signal.addEventListener('abort', () => end(isTimeout(signal.reason) ? 'failure' : 'none'), {
      once: true,
    });
    return end;
  }

  #context(message: AgentMessage, signal: AbortSignal): AgentCallContext {
    const fields = { agent: this.registered.text, message_id: message.message_id };
    return {
      signal,
      message,
      job: null,
      logger: withFields(this.#ports.logger, fields),
      send: (next) => this.#ports.coordinator.send(next),
    };
  }
}

const unguarded: CallGuard = (_agent, work, signal) => work(signal);

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError';
}

function withFields(logger: Logger, own: LogFields): Logger {
  return {
    debug: (fields, text) => logger.debug({ ...own, ...fields }, text),
    info: (fields, text) => logger.info({ ...own, ...fields }, text),
    warn: (fields, text) => logger.warn({ ...own, ...fields }, text),
    error: (fields, text) => logger.error({ ...own, ...fields }, text),
  };
}
