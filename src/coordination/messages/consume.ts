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

interface Taken {
  readonly received: ReceivedMessage;
  readonly mailbox: AgentIdInput;
}

/** What a slot handles next: null when there is nothing, `unknown` when nobody looked yet. */
type Next = Taken | 'unknown' | null;

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
    const take = (): Promise<Taken | null> => this.#take((turn += 1));
    let next: Next = 'unknown';
    while (this.isRunning || isTaken(next)) {
      const now: Next = next;
      next = 'unknown';
      try {
        if (isTaken(now)) next = await this.#handle(now, take);
        else if (now === 'unknown') next = await take();
        else await this.#arrival();
      } catch (error) {
        this.#warn(error);
        await sleep(AFTER_ERROR_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }

  async #take(turn: number): Promise<Taken | null> {
    const count = this.#mailboxes.length;
    for (let index = 0; index < count; index += 1) {
      const mailbox = this.#mailboxes[(turn + index) % count]!;
      const received = await reserveNext(this.#core, mailbox, this.#holdMs());
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

  /** @returns what comes next, if that was asked for in the same breath */
  async #handle({ received, mailbox }: Taken, take: () => Promise<Taken | null>): Promise<Next> {
    const { token } = received;
    if (!this.isRunning) {
      await releaseMessage(this.#core, mailbox, token);
      return 'unknown';
    }
    if (this.#intercept(received)) {
      await ackMessage(this.#core, mailbox, token);
      return 'unknown';
    }
    const outcome = await this.#work(received, mailbox);
    if (outcome.kind === 'done' && this.isRunning) return this.#ackAndTake(token, mailbox, take);
    await this.#settle(outcome, token, mailbox);
    return 'unknown';
  }

  async #work(received: ReceivedMessage, mailbox: AgentIdInput): Promise<Outcome> {
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
    this.#working.set(work, { token: received.token, mailbox });
    this.#renewal ??= setInterval(() => void this.#renew(), Math.ceil(this.#holdMs() / 3));
    try {
      const context = {
        get signal() {
          return work.signal;
        },
        mailbox,
      };
      return await work.run(() => this.#handler(received, context));
    } finally {
      clearTimeout(timer);
      this.#working.delete(work);
    }
  }

  /**
   * What is done goes and the next comes in one step of Redis, if it lies in the same mailbox. Whether the one was
   * still ours says nothing about the other: when asking for either fails, the other counts all the same.
   */
  async #ackAndTake(
    token: string,
    mailbox: AgentIdInput,
    take: () => Promise<Taken | null>,
  ): Promise<Taken | null> {
    const acking = ackMessage(this.#core, mailbox, token, this.#agent);
    const [acked, taken] = await Promise.allSettled([acking, take()]);
    if (taken.status === 'rejected') throw taken.reason;
    if (acked.status === 'rejected') this.#warn(acked.reason);
    return taken.value;
  }

  #warn(error: unknown): void {
    this.#core.logger.warn({ agent: agentIdText(this.#agent), err: error }, 'receiving failed; trying again');
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

function isTaken(next: Next): next is Taken {
  return next !== null && next !== 'unknown';
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
  const queue = await core.mailboxes.queue(mailbox);
  await asking(core.redis, 'put off', () =>
    queue.getBackend().moveToDelayed(receipt.jobId, Date.now(), delayMs, receipt.lock, { skipAttempt: true }),
  ).then(
    () => core.audit.writeQueued('retry_scheduled', mailbox, held.queueMessage, 'circuit_open'),
    (error: unknown) => core.logger.debug({ err: error }, 'a message could not be put off'),
  );
}
