import { z } from 'zod';
import { setTimeout as sleep } from 'node:timers/promises';
import { mailboxQueue } from '../keys.ts';
import {
  AgentId,
  agentIdText,
  canonicalAgentId,
  isSameAgent,
  type AgentIdInput,
} from '../models/agent-id.ts';
import type { ReceivedMessage } from '../models/queue-message.ts';
import { parseInput } from '../validate.ts';
import { asking } from './availability.ts';
import type { MessagingCore } from './core.ts';
import { reserveNext } from './reserve.ts';
import { ackMessage, nackMessage, releaseMessage } from './settle.ts';
import { readToken } from './token.ts';
import { Work, type Outcome } from './work.ts';

const ConsumeOptions = z.strictObject({
  /** Messages handled at once, over both mailboxes. */
  concurrency: z.int().min(1).max(1000).default(1),
  /** A handler that takes longer is aborted, and its message nacked as `timeout`. Default: no limit. */
  timeoutMs: z.int().min(1).max(2_147_483_647).optional(),
});
export type ConsumeOptions = z.input<typeof ConsumeOptions>;
const Consuming = z.object({ agent_id: AgentId, options: ConsumeOptions });

export interface HandlerContext {
  /**
   * Aborts when the time is up, with a reason by the name of `TimeoutError`, when the reservation is lost, and when the
   * consumer stops and its grace is over.
   */
  readonly signal: AbortSignal;
  /** Where the message lay: the agent's own mailbox, or the shared one of its type. */
  readonly mailbox: AgentIdInput;
}

/** Handles one message: when it returns the message is done, when it throws the message is tried again. */
export type MessageHandler = (received: ReceivedMessage, context: HandlerContext) => Promise<void> | void;

/** Takes what arrives before the handler sees it, such as awaited answers; true when it did. */
export type Interceptor = (received: ReceivedMessage) => boolean;

/** Somebody of those who wait looks every few seconds anyhow. */
const IDLE_LOOK_MS = 30_000;
const AFTER_ERROR_MS = 500;

/**
 * The loop that runs an agent. Every slot takes the next message of the agent's own mailbox or of the one its type
 * shares, in turn, holds it as long as the handler works, and settles it.
 *
 * BullMQ's own processor loop serves one queue; two of them could not keep to one concurrency.
 */
export class Consumer implements AsyncDisposable {
  readonly #core: MessagingCore;
  readonly #agent: AgentIdInput;
  readonly #mailboxes: readonly AgentIdInput[];
  readonly #handler: MessageHandler;
  readonly #intercept: Interceptor;
  readonly #onClosed: () => void;
  readonly #timeoutMs: number | undefined;
  readonly #stopping = new AbortController();
  readonly #working = new Map<Work, { readonly token: string; readonly mailbox: AgentIdInput }>();
  #renewal: NodeJS.Timeout | undefined;
  readonly #slots: Promise<void>[];
  readonly #release: (() => void)[];

  constructor(
    core: MessagingCore,
    agent: AgentIdInput,
    handler: MessageHandler,
    options: ConsumeOptions,
    more: { intercept: Interceptor; onClosed: (consumer: Consumer) => void },
  ) {
    const { concurrency, timeoutMs } = parseInput(Consuming, { agent_id: agent, options }).options;
    this.#core = core;
    this.#agent = canonicalAgentId(agent);
    const shared = { type: agent.type, instance: null };
    this.#mailboxes = isSameAgent(agent, shared) ? [shared] : [this.#agent, shared];
    this.#handler = handler;
    this.#intercept = more.intercept;
    this.#onClosed = () => more.onClosed(this);
    this.#timeoutMs = timeoutMs;
    this.#release = this.#mailboxes.map((mailbox) => core.mailboxes.keepOpen(mailbox));
    this.#slots = Array.from({ length: concurrency }, (_, slot) => this.#run(slot));
  }

  get agent(): AgentIdInput {
    return this.#agent;
  }

  /** Whether it takes messages. */
  get isRunning(): boolean {
    return !this.#stopping.signal.aborted;
  }

  /**
   * Take nothing more, and wait for what is being handled. What is not done within the grace is aborted and given
   * back without counting an attempt.
   */
  async close({ graceMs = 5000 }: { graceMs?: number } = {}): Promise<void> {
    this.#stopping.abort();
    const timer = setTimeout(() => {
      for (const work of this.#working.keys()) work.end({ kind: 'given_back' });
    }, graceMs);
    await Promise.all(this.#slots);
    clearTimeout(timer);
    clearInterval(this.#renewal);
    for (const release of this.#release.splice(0)) release();
    this.#onClosed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #run(slot: number): Promise<void> {
    let turn = slot;
    while (!this.#stopping.signal.aborted) {
      turn += 1;
      try {
        const taken = await this.#take(turn);
        if (taken === null) await this.#arrival();
        else await this.#handle(taken.received, taken.mailbox);
      } catch (error) {
        this.#core.logger.warn(
          { agent: agentIdText(this.#agent), err: error },
          'receiving failed; trying again',
        );
        await sleep(AFTER_ERROR_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }

  async #take(turn: number): Promise<{ received: ReceivedMessage; mailbox: AgentIdInput } | null> {
    const count = this.#mailboxes.length;
    for (let index = 0; index < count; index += 1) {
      const mailbox = this.#mailboxes[(turn + index) % count]!;
      const received = await reserveNext(this.#core, mailbox, this.#core.settings().visibilityTimeoutMs);
      if (received !== null) return { received, mailbox };
    }
    return null;
  }

  async #arrival(): Promise<void> {
    const done = new AbortController();
    const signal = AbortSignal.any([done.signal, this.#stopping.signal]);
    const receivers = await Promise.all(
      this.#mailboxes.map((mailbox) => this.#core.mailboxes.receiver(mailbox)),
    );
    await Promise.race(receivers.map(({ arrivals }) => arrivals.next(IDLE_LOOK_MS, signal)));
    done.abort();
  }

  async #handle(received: ReceivedMessage, mailbox: AgentIdInput): Promise<void> {
    const { token } = received;
    if (this.#stopping.signal.aborted) {
      await releaseMessage(this.#core, mailbox, token);
      return;
    }
    if (this.#intercept(received)) {
      await ackMessage(this.#core, mailbox, token);
      return;
    }
    const work = new Work();
    const timer =
      this.#timeoutMs === undefined
        ? undefined
        : setTimeout(
            () =>
              work.end({
                kind: 'failed',
                failure: 'timeout',
                error: `not handled within ${this.#timeoutMs} ms`,
              }),
            this.#timeoutMs,
          );
    this.#working.set(work, { token, mailbox });
    this.#renewal ??= setInterval(() => void this.#renew(), Math.ceil(this.#holdMs() / 3));
    try {
      const outcome = await work.run((signal) => this.#handler(received, { signal, mailbox }));
      this.#working.delete(work);
      await this.#settle(outcome, token, mailbox);
    } finally {
      clearTimeout(timer);
      this.#working.delete(work);
    }
  }

  /** Holds messages as long as they are handled; a reservation that is lost aborts the handler. */
  async #renew(): Promise<void> {
    if (this.#working.size === 0) {
      clearInterval(this.#renewal);
      this.#renewal = undefined;
    }
    await Promise.allSettled(
      [...this.#working].map(async ([work, { token, mailbox }]) => {
        const receipt = readToken(token, mailboxQueue(mailbox));
        const queue = await this.#core.mailboxes.queue(mailbox);
        const extended = await asking(this.#core.redis, 'renew', () =>
          queue.getBackend().extendLock(receipt?.jobId ?? '', receipt?.lock ?? '', this.#holdMs()),
        );
        // One that was settled meanwhile is not lost.
        if (extended !== 1 && this.#working.has(work)) work.end({ kind: 'lost' });
      }),
    );
  }

  #holdMs(): number {
    return this.#core.settings().visibilityTimeoutMs;
  }

  async #settle(outcome: Outcome, token: string, mailbox: AgentIdInput): Promise<void> {
    const core = this.#core;
    switch (outcome.kind) {
      case 'done':
        await ackMessage(core, mailbox, token, this.#agent);
        return;
      case 'given_back':
        await releaseMessage(core, mailbox, token);
        return;
      case 'put_off':
        await putOff(core, mailbox, token, outcome.delayMs);
        return;
      case 'failed': {
        const reason = { failure: outcome.failure, error: outcome.error };
        await nackMessage(core, mailbox, token, reason, this.#agent);
        return;
      }
      case 'lost':
        core.held.drop(token);
    }
  }
}

async function putOff(
  core: MessagingCore,
  mailbox: AgentIdInput,
  token: string,
  delayMs: number,
): Promise<void> {
  const held = core.held.get(token);
  const receipt = readToken(token, mailboxQueue(mailbox));
  core.held.drop(token);
  if (held === undefined || receipt === undefined) return;
  try {
    await asking(core.redis, 'put off', () => held.job.moveToDelayed(Date.now() + delayMs, receipt.lock));
    core.audit.writeQueued('retry_scheduled', mailbox, held.queueMessage, 'circuit_open');
  } catch (error) {
    core.logger.debug({ err: error }, 'a message could not be put off');
  }
}
