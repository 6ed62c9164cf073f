import { z } from 'zod';
import { openOwnRedis, type RedisClient } from '../../redis/connect.ts';
import { CoordinationClosedError } from '../errors.ts';
import { createCoordinationKeys } from '../keys.ts';
import type { AgentIdInput } from '../models/agent-id.ts';
import type {
  AgentMessage,
  AgentMessageInput,
  MessageResult,
  MessageSubscription,
} from '../models/message.ts';
import type { ReceivedMessage } from '../models/queue-message.ts';
import {
  guardedMetrics,
  NO_LOGGER,
  NO_METRICS,
  type ConnectionInput,
  type CoordinationPorts,
} from '../ports.ts';
import { parseInput } from '../validate.ts';
import { connected } from './availability.ts';
import { MessageAudit, type AuditEntry, type AuditQuery } from './audit.ts';
import { Consumer, type ConsumeOptions, type MessageHandler } from './consume.ts';
import type { CoordinatorHooks, MessagingCore } from './core.ts';
import { collectGauges, mailboxFigures, type MailboxFigures } from './gauges.ts';
import { Held } from './held.ts';
import { Mailboxes } from './mailboxes.ts';
import { MESSAGE_METRICS } from './metric-names.ts';
import {
  broadcastChecked,
  dropSubscriptions,
  publishChecked,
  subscribeAgent,
  subscriptionsOf,
  unsubscribeById,
  type SubscriptionFilter,
} from './publish.ts';
import { listMailboxes, recoverAgent, recoverDetailed } from './recover.ts';
import {
  discardDeadLetter,
  listDeadLetters,
  purgeDeadLetters,
  replayDeadLetter,
  type DeadLetterEntry,
  type ListDeadLettersOptions,
  type PurgeOptions,
} from './replay.ts';
import { Requests } from './request.ts';
import { receiveMessage, type ReceiveOptions } from './reserve.ts';
import { assertParties, checkMessage, sendChecked } from './send.ts';
import { MessagingSettings, reconfigured, type MessagingOptions, type RuntimeOptions } from './settings.ts';
import { ackMessage, extendMessage, nackMessage, releaseMessage, type NackOptions } from './settle.ts';
import { Sweeper } from './sweeper.ts';
import { Turnstile } from './turnstile.ts';

export interface CoordinatorOptions extends CoordinationPorts, CoordinatorHooks {
  readonly connection: ConnectionInput;
  /** Of every key, and BullMQ's prefix; on Redis Cluster a hash tag. Default `ao`. */
  readonly keyPrefix?: string;
  readonly messaging?: MessagingOptions;
}

const RequestOptions = z.strictObject({ timeoutMs: z.int().min(1).max(3_600_000).default(30_000) });

/** Sends that are under way at once; more wait for their turn. */
const MAX_SENDS = 200;

/**
 * Messages between agents that may live in any process. Each verb has its file; this is the sum of them over one
 * connection. Nothing is opened before the first use.
 */
export class MessageCoordinator implements AsyncDisposable {
  readonly #core: MessagingCore;
  readonly #requests: Requests;
  readonly #sweeper: Sweeper;
  readonly #consumers = new Set<Consumer>();
  readonly #redis: RedisClient;
  readonly #sending = new Turnstile(MAX_SENDS);
  readonly #stopping = new AbortController();
  readonly #receiving = new Set<Promise<unknown>>();
  #settings: MessagingSettings;
  #closing: Promise<void> | undefined;
  #retries = 0;

  constructor(options: CoordinatorOptions) {
    const { connection, keyPrefix = 'ao', resolveRecipient, onSettled } = options;
    this.#settings = parseInput(MessagingSettings, options.messaging ?? {}, 'messaging');
    const logger = options.logger ?? NO_LOGGER;
    const sink = guardedMetrics(options.metrics ?? NO_METRICS, logger);
    const metrics = {
      ...sink,
      inc: (name: string, labels?: Readonly<Record<string, string>>, n?: number) => {
        if (name === MESSAGE_METRICS.retries) this.#retries += n ?? 1;
        sink.inc(name, labels, n);
      },
    };
    const keys = createCoordinationKeys(keyPrefix);
    const settings = (): MessagingSettings => this.#settings;
    const onError = (error: Error): void => logger.debug({ err: error }, 'the connection has an error');
    const redis = openOwnRedis(connection, `${keyPrefix}:messages`, onError);
    this.#redis = redis;
    this.#core = {
      redis,
      keys,
      mailboxes: new Mailboxes(redis, keyPrefix, () => this.#settings.visibilityTimeoutMs, logger),
      held: new Held(),
      audit: new MessageAudit(redis, keys.messageAudit(), () => this.#settings.auditMaxLen, {
        metrics,
        logger,
      }),
      metrics,
      logger,
      settings,
      hooks: {
        ...(resolveRecipient === undefined ? {} : { resolveRecipient }),
        ...(onSettled === undefined ? {} : { onSettled }),
      },
    };
    this.#requests = new Requests(this.#core, () =>
      openOwnRedis(connection, `${keyPrefix}:answers`, onError),
    );
    this.#sweeper = new Sweeper(this.#core, () => this.#retries);
  }

  /** Connect, recover what earlier processes left, and begin to sweep. Receiving begins the sweeps too. */
  async start(): Promise<void> {
    this.#assertOpen('start');
    await connected(this.#redis);
    if (this.#settings.autoRecoverOnStart) await recoverDetailed(this.#core);
    this.#sweeper.start();
  }

  /** Errors: validation. What else goes wrong is in the result. */
  async send(message: AgentMessageInput): Promise<MessageResult> {
    this.#assertOpen('send');
    const checked = checkMessage(message, this.#settings.maxPayloadBytes);
    return this.#sending.pass(() => sendChecked(this.#core, checked));
  }

  /** Like {@link send}; sender and recipient must be those of the message. */
  async sendMessage(
    sender: AgentIdInput,
    recipient: AgentIdInput,
    message: AgentMessageInput,
  ): Promise<MessageResult> {
    assertParties(sender, recipient, message);
    return this.send(message);
  }

  /** One message to at most 1000 mailboxes; one result for each, in their order. Errors: validation */
  async broadcast(message: AgentMessageInput, recipients: readonly AgentIdInput[]): Promise<MessageResult[]> {
    this.#assertOpen('broadcast');
    const checked = checkMessage(message, this.#settings.maxPayloadBytes, 'message');
    return this.#sending.pass(() => broadcastChecked(this.#core, checked, recipients));
  }

  /** One message to every agent that subscribed to its kind. Errors: validation, redis_unavailable */
  async publish(message: AgentMessageInput): Promise<MessageResult[]> {
    this.#assertOpen('publish');
    const checked = checkMessage(message, this.#settings.maxPayloadBytes);
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
    const consumer = new Consumer(this.#core, agent, handler, options, (received) =>
      this.#requests.intercept(received),
    );
    this.#consumers.add(consumer);
    return consumer;
  }

  /**
   * Send a message and wait for the response that names it in `payload.in_reply_to`.
   * Errors: validation, request_not_sent, request_unanswered
   */
  async request(
    message: AgentMessageInput,
    { signal, ...options }: z.input<typeof RequestOptions> & { readonly signal?: AbortSignal } = {},
  ): Promise<AgentMessage> {
    this.#assertOpen('request');
    const { timeoutMs } = parseInput(RequestOptions, options, 'options');
    const checked = checkMessage(message, this.#settings.maxPayloadBytes);
    return this.#requests.ask(checked, timeoutMs, signal);
  }

  recoverPending(agent?: AgentIdInput): Promise<number> {
    if (agent !== undefined) return recoverAgent(this.#core, agent);
    return recoverDetailed(this.#core).then((counts) => [...counts.values()].reduce((sum, n) => sum + n, 0));
  }

  /** By text form; mailboxes without any are left out. */
  recoverPendingDetailed(): Promise<Map<string, number>> {
    return recoverDetailed(this.#core);
  }

  /** One elected process looks after the mailboxes that nobody consumes; this is a round of it. */
  sweepAllIfElected(): Promise<boolean> {
    return this.#sweeper.sweepAllIfElected();
  }

  listDeadLetters(agent: AgentIdInput, options?: ListDeadLettersOptions): Promise<DeadLetterEntry[]> {
    return listDeadLetters(this.#core, agent, options);
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

  listMailboxes(): Promise<AgentIdInput[]> {
    return listMailboxes(this.#core);
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
    this.#settings = reconfigured(this.#settings, changes);
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
    for (const { token, agent } of this.#core.held.tokens())
      await releaseMessage(this.#core, agent, token).catch(() => false);
    await this.#core.audit.flush();
    await this.#core.mailboxes.close();
    this.#requests.close();
    if (this.#redis.status === 'ready') await this.#redis.quit().catch(() => this.#redis.disconnect());
    else this.#redis.disconnect();
  }

  #assertOpen(what: string): void {
    if (this.#closing !== undefined) throw new CoordinationClosedError(what);
  }
}
