import { askScript } from '../messages/availability.ts';
import type { CoordinationCore } from '../core.ts';
import { keyParts } from '../keys.ts';
import { agentIdText, parseAgentIdText, type AgentIdInput } from '../models/agent-id.ts';
import { recordOutcomes } from '../scripts/record-outcomes.ts';

export type Outcome = 'success' | 'failure';

/** An agent that had nothing to do for so long begins anew. */
const KEPT_MS = 86_400_000;

/**
 * Tells all processes how the messages of agents went. What is settled in one turn of the event loop is written
 * together, and nobody waits for it. What cannot be written is logged and forgotten: a rate lacks an outcome then.
 */
export class Outcomes {
  readonly #core: CoordinationCore;
  readonly #windowSize: () => number;
  /** Text form -> outcomes, the oldest first. */
  #waiting = new Map<string, string>();
  readonly #writing = new Set<Promise<void>>();

  constructor(core: CoordinationCore, windowSize: () => number) {
    this.#core = core;
    this.#windowSize = windowSize;
  }

  /** Never throws. */
  record(agent: AgentIdInput, outcome: Outcome): void {
    if (this.#waiting.size === 0) setImmediate(() => this.#write());
    const text = agentIdText(agent);
    this.#waiting.set(text, (this.#waiting.get(text) ?? '') + (outcome === 'success' ? '1' : '0'));
  }

  /** Returns when everything so far is written, or has failed. */
  async flush(): Promise<void> {
    this.#write();
    await Promise.all(this.#writing);
  }

  #write(): void {
    if (this.#waiting.size === 0) return;
    const batch = [...this.#waiting];
    this.#waiting = new Map();
    const writing = this.#send(batch);
    this.#writing.add(writing);
    void writing.finally(() => this.#writing.delete(writing));
  }

  async #send(batch: readonly (readonly [text: string, outcomes: string])[]): Promise<void> {
    const { redis, keys, logger } = this.#core;
    const windowSize = this.#windowSize();
    const keysOf = ([text]: readonly [string, string]): string[] => {
      const [type, instance] = keyParts(parseAgentIdText(text)!);
      return [keys.agentOutcomes(type, instance), keys.agentRates(type)];
    };
    const argsOf = ([text, outcomes]: readonly [string, string]): string[] => {
      const [, instance] = keyParts(parseAgentIdText(text)!);
      return [instance, outcomes.slice(-windowSize)];
    };
    try {
      const unreadable = await askScript(redis, recordOutcomes, batch.flatMap(keysOf), [
        windowSize,
        KEPT_MS,
        ...batch.flatMap(argsOf),
      ]);
      if (unreadable !== 0) logger.warn({ agents: unreadable }, 'outcomes of agents are something else');
    } catch (error) {
      logger.warn({ agents: batch.length, err: error }, 'outcomes of messages could not be written');
    }
  }
}
