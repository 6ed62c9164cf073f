import { z } from 'zod';
import { closeRedis } from '../../redis/connect.ts';
import { CoordinationClosedError } from '../errors.ts';
import type { AgentIdInput } from '../models/agent-id.ts';
import type {
  AgentMessage,
  AgentMessageInput,
  MessageResult,
  MessageSubscription,
} from '../models/message.ts';
import type { QueueMessage, ReceivedMessage } from '../models/queue-message.ts';
import { checkAll, parseInput } from '../validate.ts';
import type { AuditEntry, AuditQuery } from './audit.ts';
import { asking } from './availability.ts';
import { Consumer, type ConsumeOptions, type MessageHandler } from './consume.ts';
import type { MessagingCore } from './core.ts';
import { collectGauges, mailboxDepths, mailboxFigures, type MailboxFigures } from './gauges.ts';
import { moveMailbox, peekMailbox, type MoveOptions, type MoveResult } from './move.ts';
import { openCore, type CoordinatorOptions, type OpenedCore } from './open-core.ts';
import {
  broadcastChecked,
  checkRecipients,
  dropSubscriptions,
  publishChecked,
  subscribeAgent,
  subscriptionsOf,
  unsubscribeById,
  type SubscriptionFilter,
} from './publish.ts';
import { isMailbox, listMailboxes, recoverAgent, recoverDetailed, type RecoverOptions } from './recover.ts';
import {
  discardDeadLetter,
  listDeadLetters,
  purgeDeadLetters,
  readDeadLetter,
  replayDeadLetter,
  type DeadLetterEntry,
  type ListDeadLettersOptions,
  type PurgeOptions,
} from './replay.ts';
import { Requests } from './request.ts';
import { receiveMessage, type ReceiveOptions } from './reserve.ts';
import { assertParties, checkMessage, sendChecked } from './send.ts';
import { reconfigured, type RuntimeOptions } from './settings.ts';
import { ackMessage, extendMessage, nackMessage, releaseMessage, type NackOptions } from './settle.ts';
import { Sweeper } from './sweeper.ts';
import { Turnstile } from './turnstile.ts';

const RequestOptions = z.strictObject({ timeoutMs: z.int().min(1).max(3_600_000).optional() });

/** Sends that are under way at once; more wait for their turn. */
const MAX_SENDS = 200;

/**
 * Messages between agents that may live in any process. Each verb has its file; this is the sum of them over one
 * connection. Nothing is opened before the first use.
 */
export class MessageCoordinator implements AsyncDisposable {
  readonly #opened: OpenedCore;
  readonly #core: MessagingCore;
  readonly #requests: Requests;
  readonly #sweeper: Sweeper;
  readonly #consumers = new Set<Consumer>();
  readonly #sending = new Turnstile(MAX_SENDS);
  readonly #stopping = new AbortController();
  readonly #receiving = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(options: CoordinatorOptions) {
    this.#opened = openCore(options);
    this.#core = this.#opened.core;
    this.#requests = new Requests(this.#core, () => this.#opened.connect('answers'));
    this.#sweeper = new Sweeper(this.#core, this.#opened.retries);
  }

  /** Connect, recover what earlier processes left, and begin to sweep. Receiving begins the sweeps too. */
  async start(): Promise<void> {
    this.#assertOpen('start');
    await asking(this.#core.redis, 'connect', () => this.#core.redis.ping());
    if (this.#core.settings().autoRecoverOnStart) await recoverDetailed(this.#core);
    this.#sweeper.start();
  }

  /** Errors: validation. What else goes wrong is in the result. */
  async send(message: AgentMessageInput): Promise<MessageResult> {
    this.#assertOpen('send');
    const checked = checkMessage(message, this.#core.settings().maxPayloadBytes);
    const result = await this.#sending.pass(() => sendChecked(this.#core, checked));
    if (result.error_code === 'redis_unavailable' || result.error_code === 'unknown_outcome')
      this.#sending.open();
    return result;
  }

  /** Like {@link send}; sender and recipient must be those of the message. */
  async sendMessage(
    sender: AgentIdInput,
    recipient: AgentIdInput,
    message: AgentMessageInput,
  ): Promise<MessageResult> {
    checkAll(
      () => assertParties(sender, recipient, message),
      () => checkMessage(message, this.#core.settings().maxPayloadBytes),
    );
    return this.send(message);
  }

  /** One message to at most 1000 mailboxes; one result for each, in their order. Errors: validation */
  async broadcast(message: AgentMessageInput, recipients: readonly AgentIdInput[]): Promise<MessageResult[]> {
    this.#assertOpen('broadcast');
    const { maxPayloadBytes } = this.#core.settings();
    checkAll(
      () => checkMessage(message, maxPayloadBytes, 'message'),
      () => checkRecipients(recipients),
    );
    const checked = checkMessage(message, maxPayloadBytes, 'message');
    return this.#sending.pass(() => broadcastChecked(this.#core, checked, recipients));
  }

  /** One message to every agent that subscribed to its kind. Errors: validation, redis_unavailable */
  async publish(message: AgentMessageInput): Promise<MessageResult[]> {
    this.#assertOpen('publish');
    const checked = checkMessage(message, this.#core.settings().maxPayloadBytes);
    return this.#sending.pass(() => publishChecked(this.#core, checked));
  }

  subscribe(
    agent: AgentIdInput,
    messageTypes: readonly string[],
    filter?: SubscriptionFilter,
  ): Promise<MessageSubscription> {
    return subscribeAgent(this.#core, agent, messageTypes, filter);
  }

  unsubscribe(subscriptionId: string): Promise<boolean> {
    return unsubscribeById(this.#core, subscriptionId);
  }

  /** All subscriptions of an agent go, as when it is deregistered; returns how many. */
  unsubscribeAll(agent: AgentIdInput): Promise<number> {
    return dropSubscriptions(this.#core, agent);
  }

  listSubscriptions(agent?: AgentIdInput): Promise<MessageSubscription[]> {
    return subscriptionsOf(this.#core, agent);
  }

  async receive(agent: AgentIdInput, options?: ReceiveOptions): Promise<ReceivedMessage | null> {
    this.#assertOpen('receive');
    this.#sweeper.start();
    const stopping = this.#stopping.signal;
    const signal = options?.signal === undefined ? stopping : AbortSignal.any([options.signal, stopping]);
    const receiving = receiveMessage(this.#core, agent, { ...options, signal });
    this.#receiving.add(receiving);
    try {
      return await receiving;
    } catch (error) {
      if (stopping.aborted && error === stopping.reason) return null;
      throw error;
    } finally {
      this.#receiving.delete(receiving);
    }
  }

  extend(agent: AgentIdInput, token: string, ms: number): Promise<string | null> {
    return extendMessage(this.#core, agent, token, ms);
  }

  ack(agent: AgentIdInput, token: string): Promise<boolean> {
    return ackMessage(this.#core, agent, token);
  }

  nack(agent: AgentIdInput, token: string, options?: NackOptions): Promise<boolean> {
    return nackMessage(this.#core, agent, token, options);
  }

  release(agent: AgentIdInput, token: string): Promise<boolean> {
    return releaseMessage(this.#core, agent, token);
  }

  /** Run an agent: its own mailbox and the one its type shares. Errors: validation */
  consume(agent: AgentIdInput, handler: MessageHandler, options: ConsumeOptions = {}): Consumer {
    this.#assertOpen('consume');
    this.#sweeper.start();
    const consumer = new Consumer(this.#core, agent, handler, options, {
      intercept: (received) => this.#requests.intercept(received),
      onClosed: (closed) => void this.#consumers.delete(closed),
    });
    this.#consumers.add(consumer);
    return consumer;
  }

  /**
   * Send a message and wait for the response that names it in `payload.in_reply_to`: `messageTimeoutMs` of the settings,
   * unless `timeoutMs` says otherwise.
   * Errors: validation, request_not_sent, request_unanswered, coordination_closed when it is closed meanwhile
   */
  async request(
    message: AgentMessageInput,
    { signal, ...options }: z.input<typeof RequestOptions> & { readonly signal?: AbortSignal } = {},
  ): Promise<AgentMessage> {
    this.#assertOpen('request');
    const { maxPayloadBytes, messageTimeoutMs } = this.#core.settings();
    const { timeoutMs = messageTimeoutMs } = parseInput(RequestOptions, options, 'options');
    const checked = checkMessage(message, maxPayloadBytes);
    return this.#requests.ask(checked, timeoutMs, signal);
  }

  recoverPending(agent?: AgentIdInput): Promise<number> {
    if (agent !== undefined) return recoverAgent(this.#core, agent);
    return recoverDetailed(this.#core).then((counts) => [...counts.values()].reduce((sum, n) => sum + n, 0));
  }

  /** By text form; mailboxes without any are left out. `dryRun` counts only. Errors: validation, redis_unavailable */
  recoverPendingDetailed(options?: RecoverOptions): Promise<Map<string, number>> {
    return recoverDetailed(this.#core, options);
  }

  /** One elected process looks after the mailboxes that nobody consumes; this is a round of it. */
  sweepAllIfElected(): Promise<boolean> {
    return this.#sweeper.sweepAllIfElected();
  }

  listDeadLetters(agent: AgentIdInput, options?: ListDeadLettersOptions): Promise<DeadLetterEntry[]> {
    return listDeadLetters(this.#core, agent, options);
  }

  readDeadLetter(agent: AgentIdInput, id: string): Promise<DeadLetterEntry | null> {
    return readDeadLetter(this.#core, agent, id);
  }

  replay(agent: AgentIdInput, id: string): Promise<MessageResult | null> {
    return replayDeadLetter(this.#core, agent, id);
  }

  discard(agent: AgentIdInput, id: string): Promise<boolean> {
    return discardDeadLetter(this.#core, agent, id);
  }

  purge(agent: AgentIdInput, options?: PurgeOptions): Promise<number> {
    return purgeDeadLetters(this.#core, agent, options);
  }

  /** How many messages wait, are delayed or are reserved. */
  async depth(agent: AgentIdInput): Promise<number> {
    const [depth = 0] = await mailboxDepths(this.#core, [agent]);
    return depth;
  }

  /** The same of many mailboxes, in one round trip. */
  depths(agents: readonly AgentIdInput[]): Promise<number[]> {
    return mailboxDepths(this.#core, agents);
  }

  /** What waits or is delayed in one mailbox goes to another. Errors: validation, redis_unavailable */
  move(from: AgentIdInput, to: AgentIdInput, options?: MoveOptions): Promise<MoveResult> {
    return moveMailbox(this.#core, from, to, options);
  }

  /** What waits or is delayed, next ones first, without taking it. */
  peek(agent: AgentIdInput, options?: { limit?: number }): Promise<QueueMessage[]> {
    return peekMailbox(this.#core, agent, options);
  }

  listMailboxes(): Promise<AgentIdInput[]> {
    return listMailboxes(this.#core);
  }

  /** Whether anything was ever sent to, or received by, this agent. */
  hasMailbox(agent: AgentIdInput): Promise<boolean> {
    return isMailbox(this.#core, agent);
  }

  mailbox(agent: AgentIdInput): Promise<MailboxFigures> {
    return mailboxFigures(this.#core, agent);
  }

  /** Set the gauges from Redis; call it when metrics are scraped. */
  collectGauges(isRegistered?: (agent: AgentIdInput) => boolean): Promise<MailboxFigures[]> {
    return collectGauges(this.#core, isRegistered);
  }

  audit(query?: AuditQuery): Promise<AuditEntry[]> {
    return this.#core.audit.read(query);
  }

  /** Change settings for later sends: all of them or none. Errors: validation */
  configure(changes: RuntimeOptions): void {
    this.#opened.apply(reconfigured(this.#core.settings(), changes));
  }

  /**
   * Stop consuming, give back what is held, and close what was opened here. Safe to call twice.
   * @param graceMs  how long handlers may take to finish. Default 5000.
   */
  close(options: { graceMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(options: { graceMs?: number }): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#receiving);
    await Promise.all([...this.#consumers].map((consumer) => consumer.close(options)));
    await this.#sweeper.stop();
    const released = this.#core.held
      .tokens()
      .map(({ token, agent }) => releaseMessage(this.#core, agent, token));
    await Promise.allSettled(released);
    await this.#core.audit.flush();
    await this.#core.mailboxes.close();
    this.#requests.close();
    await closeRedis(this.#core.redis);
  }

  #assertOpen(what: string): void {
    if (this.#closing !== undefined) throw new CoordinationClosedError(what);
  }
}
