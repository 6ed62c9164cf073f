import { randomUUID } from 'node:crypto';
import { agentIdText, type AgentIdInput } from '../models/agent-id.ts';
import { dropClaim } from '../scripts/settle-leftovers.ts';
import { asking, askScript, isUnavailable } from './availability.ts';
import type { MessagingCore } from './core.ts';
import { listMailboxes, recoverAgent, withLeftovers } from './recover.ts';
import { countDeadLetters } from './replay.ts';

const ELECTION_EVERY_MS = 30_000;
const LEASE_MS = 45_000;
const WATCH_EVERY_MS = 5000;

/**
 * Looks after mailboxes while the coordinator lives: those it receives from at every sweep, all others when this
 * process is the elected one; and warns of dead letters and of sudden retries. Each round may also be asked for.
 */
export class Sweeper {
  readonly #core: MessagingCore;
  readonly #id = randomUUID();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #rounds = new Set<Promise<void>>();
  readonly #retries: () => number;
  /** Whose dead letters were warned of, until they are few again. */
  readonly #warned = new Set<string>();
  #lastRetries = 0;
  #isStopped = false;
  #isElected = false;

  /** @param retries  how many retries this coordinator has scheduled so far */
  constructor(core: MessagingCore, retries: () => number) {
    this.#core = core;
    this.#retries = retries;
  }

  start(): void {
    if (this.#timers.length > 0 || this.#isStopped) return;
    const { sweepIntervalMs } = this.#core.settings();
    this.#every(sweepIntervalMs, () => this.sweepReceived());
    this.#every(ELECTION_EVERY_MS, () => this.sweepAllIfElected());
    this.#every(WATCH_EVERY_MS, () => this.watch());
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    await Promise.all(this.#rounds);
    if (!this.#isElected) return;
    const { redis, keys } = this.#core;
    await askScript(redis, dropClaim, [keys.sweepLease()], [this.#id]).catch(() => undefined);
  }

  /** Once over the mailboxes this process receives from. */
  async sweepReceived(): Promise<void> {
    await this.#sweepThose([...this.#core.mailboxes.received()]);
    const { held, mailboxes } = this.#core;
    held.forgetExpired();
    const busy = new Set(held.tokens().map(({ agent }) => agentIdText(agent)));
    await mailboxes.closeIdle(this.#core.settings().idleCloseMs, (agent) => busy.has(agentIdText(agent)));
  }

  /** Once over all mailboxes, if no other process does. */
  async sweepAllIfElected(): Promise<boolean> {
    const { redis, keys } = this.#core;
    const holder = await asking(redis, 'elect sweeper', async () => {
      await redis.set(keys.sweepLease(), this.#id, 'PX', LEASE_MS, 'NX');
      return redis.get(keys.sweepLease());
    });
    this.#isElected = holder === this.#id;
    if (!this.#isElected) return false;
    await asking(redis, 'elect sweeper', () => redis.pexpire(keys.sweepLease(), LEASE_MS));
    await this.#sweepThose(await listMailboxes(this.#core));
    return true;
  }

  /** Warns of what an operator should look at. */
  async watch(): Promise<void> {
    const { dlqWarnThreshold, retrySpikeWarnThreshold } = this.#core.settings();
    const retries = this.#retries() - this.#lastRetries;
    this.#lastRetries = this.#retries();
    if (retries > retrySpikeWarnThreshold)
      this.#core.logger.warn({ retries, seconds: WATCH_EVERY_MS / 1000 }, 'many messages are tried again');
    for (const agent of this.#core.mailboxes.received()) {
      if (this.#isStopped) return;
      const deadLetters = await countDeadLetters(this.#core, agent);
      const text = agentIdText(agent);
      if (deadLetters <= dlqWarnThreshold) this.#warned.delete(text);
      else if (!this.#warned.has(text)) {
        this.#warned.add(text);
        this.#core.logger.warn({ agent: text, dead_letters: deadLetters }, 'an agent has many dead letters');
      }
    }
  }

  /** Those of them that have something a sweep may put right; who stops does not wait for all that are left. */
  async #sweepThose(agents: readonly AgentIdInput[]): Promise<void> {
    try {
      for (const agent of await withLeftovers(this.#core, agents))
        if (!this.#isStopped) await this.#sweep(agent);
    } catch (error) {
      if (!isUnavailable(error)) this.#core.logger.error({ err: error }, 'no mailbox could be swept');
    }
  }

  async #sweep(agent: AgentIdInput): Promise<void> {
    try {
      await recoverAgent(this.#core, agent);
    } catch (error) {
      if (!isUnavailable(error))
        this.#core.logger.error({ agent: agentIdText(agent), err: error }, 'a mailbox could not be swept');
    }
  }

  /** One round at a time; a round that fails is tried again at the next time. */
  #every(ms: number, round: () => Promise<unknown>): void {
    let isRunning = false;
    const timer = setInterval(() => {
      if (isRunning || this.#isStopped) return;
      isRunning = true;
      const running = round()
        .then(
          () => undefined,
          (error: unknown) => this.#core.logger.debug({ err: error }, 'a round of sweeping failed'),
        )
        .finally(() => {
          isRunning = false;
          this.#rounds.delete(running);
        });
      this.#rounds.add(running);
    }, ms);
    timer.unref();
    this.#timers.push(timer);
  }
}
