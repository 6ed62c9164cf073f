import { randomUUID } from 'node:crypto';
import { runScripts } from '../../redis/script.ts';
import type { CoordinationCore } from '../core.ts';
import { keyParts } from '../keys.ts';
import { asking, askScript } from '../messages/availability.ts';
import { parseAgentIdText, type AgentId } from '../models/agent-id.ts';
import { findLostAgents, forgetAgent, loseAgent, settleLoss } from '../scripts/find-lost-agents.ts';
import { dropClaim } from '../scripts/settle-leftovers.ts';
import { Loop } from './loop.ts';
import type { RegistrySettings } from './settings.ts';

/** Agents of each kind that one round looks at; the next one looks at the rest. */
const BATCH = 100;
const LEAST_LEASE_MS = 1000;
/** Who is to be forgotten is asked so many times within the retention of records. */
const FORGETS_PER_RETENTION = 1000;

export interface LossPorts {
  /** Deal with a loss; whether that succeeded, else it is repeated. */
  readonly onLost: (agent: AgentId) => Promise<boolean>;
  /** The record of an agent became too old and is gone. */
  readonly onForgotten: (agent: AgentId) => Promise<void>;
}

/**
 * Finds agents whose heartbeat stopped:
 *
 * 1. one process at a time holds the lease; the others ask again when it may have lapsed
 * 2. every heartbeat sets a deadline; an agent whose deadline has passed becomes lost, which one script decides and
 *    tells, so that it happens once even if two processes look
 * 3. what is lost stays on a list until somebody has dealt with it, so that the death of who looks loses nothing
 * 4. records that are older than their retention go
 */
export class LossDetector {
  readonly #core: CoordinationCore;
  readonly #settings: RegistrySettings;
  readonly #ports: LossPorts;
  readonly #id = randomUUID();
  readonly #loop = new Loop(() => this.#round());
  readonly #dealing = new Map<string, Promise<void>>();
  #isElected = false;
  #forgottenAt = -Infinity;

  constructor(core: CoordinationCore, settings: RegistrySettings, ports: LossPorts) {
    this.#core = core;
    this.#settings = settings;
    this.#ports = ports;
  }

  start(): void {
    this.#loop.start(0);
  }

  /** Returns when nothing is being dealt with any more. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    await Promise.all(this.#dealing.values());
    if (!this.#isElected) return;
    this.#isElected = false;
    const { redis, keys } = this.#core;
    await askScript(redis, dropClaim, [keys.agentLease()], [this.#id]).catch(() => undefined);
  }

  /**
   * Look once; returns after how many ms it makes sense to look again. Losses are dealt with meanwhile.
   * @param isForgetting  whether records that are too old go
   * Errors: redis_unavailable (unavailable)
   */
  async runOnce(isForgetting = true): Promise<number> {
    const { redis, keys } = this.#core;
    const { lossDetectionIntervalMs: intervalMs, recordRetentionMs } = this.#settings;
    const answer = await askScript(
      redis,
      findLostAgents,
      [keys.agentLease(), keys.agentIndex(), keys.agentDeadlines(), keys.lostAgents(), keys.degradedAgents()],
      [this.#id, Math.max(3 * intervalMs, LEAST_LEASE_MS), isForgetting ? recordRetentionMs : '', BATCH],
    );
    // What the script answers.
    const [othersMs, overdue = [], lost = [], old = []] = answer as [number, string[]?, string[]?, string[]?];
    this.#isElected = othersMs === 0;
    if (!this.#isElected) return othersMs;
    const isNewLost = await this.#lose(overdue);
    if (isForgetting && old.length < BATCH) this.#forgottenAt = performance.now();
    const isNewForgotten = (await this.#forget(old)) && old.length === BATCH;
    for (let at = 0; at + 1 < lost.length; at += 2) this.#deal(lost[at]!, lost[at + 1]!);
    // What no script can lose or forget must not be tried again and again without a pause.
    return isNewLost || isNewForgotten ? 0 : intervalMs;
  }

  async #round(): Promise<number> {
    try {
      const pauseMs = this.#settings.recordRetentionMs / FORGETS_PER_RETENTION;
      return await this.runOnce(performance.now() - this.#forgottenAt >= pauseMs);
    } catch (error) {
      this.#core.logger.debug({ err: error }, 'nobody could look for lost agents');
      return this.#settings.lossDetectionIntervalMs;
    }
  }

  /** Whether any of them is lost by this call. */
  async #lose(texts: readonly string[]): Promise<boolean> {
    const { redis, keys, logger } = this.#core;
    const agents = agentsOf(texts);
    const calls = agents.map(({ text, id }) => ({
      keys: [keys.agent(...keyParts(id)), keys.agentDeadlines(), keys.lostAgents(), keys.agentEvents()],
      args: [text, this.#settings.eventsMaxLen],
    }));
    if (calls.length === 0) return false;
    const answers = await asking(redis, 'lose agents', () => runScripts(redis, loseAgent, calls));
    for (const [place, answer] of answers.entries())
      if (answer === 1)
        logger.warn({ agent: agents[place]!.text }, 'an agent fell silent and counts as lost');
    return answers.includes(1);
  }

  /** Whether any of them is forgotten by this call. */
  async #forget(texts: readonly string[]): Promise<boolean> {
    const { redis, keys } = this.#core;
    const { recordRetentionMs, eventsMaxLen } = this.#settings;
    const agents = agentsOf(texts);
    if (agents.length === 0) return false;
    const calls = agents.map(({ text, id }) => ({
      keys: [
        keys.agent(...keyParts(id)),
        keys.agentIndex(),
        keys.agentDeadlines(),
        keys.lostAgents(),
        keys.agentOutcomes(...keyParts(id)),
        keys.agentEvents(),
        keys.capabilities(...keyParts(id)),
        keys.capabilityIndex(),
        keys.capabilityEpoch(),
        keys.agentRates(id.type),
        keys.subscriptions(...keyParts(id)),
        keys.subscriptionIndex(),
      ],
      args: [text, recordRetentionMs, eventsMaxLen],
    }));
    const answers = await asking(redis, 'forget agents', () => runScripts(redis, forgetAgent, calls));
    for (const [place, answer] of answers.entries())
      if (answer === 1) await this.#ports.onForgotten(agents[place]!.id);
    return answers.includes(1);
  }

  /** In the background: looking goes on, and the lease with it. */
  #deal(text: string, since: string): void {
    const id = parseAgentIdText(text);
    if (id === undefined || this.#dealing.has(text)) return;
    const { redis, keys, logger } = this.#core;
    const deal = async (): Promise<void> => {
      try {
        if (!(await this.#ports.onLost(id))) return;
        await askScript(redis, settleLoss, [keys.lostAgents()], [text, since]);
      } catch (error) {
        logger.debug({ agent: text, err: error }, 'the loss of an agent is to be dealt with again');
      } finally {
        this.#dealing.delete(text);
      }
    };
    const dealing = deal();
    this.#dealing.set(text, dealing);
  }
}

function agentsOf(texts: readonly string[]): { text: string; id: AgentId }[] {
  return texts.flatMap((text) => {
    const id = parseAgentIdText(text);
    return id === undefined ? [] : { text, id };
  });
}
