import type { CoordinationCore } from '../core.ts';
import { askScript } from '../messages/availability.ts';
import { parseAgentIdText, type AgentId } from '../models/agent-id.ts';
import { listAgents } from '../scripts/list-agents.ts';

/** The whole index is read again after this time: a clock of Redis that was set back hides heartbeats until then. */
const WHOLE_EVERY_MS = 10_000;

/** The same object for the same agent, as long as it is in the index. */
export interface IndexEntry<Kept> {
  readonly text: string;
  readonly id: AgentId;
  /** Redis time in ms of the last heartbeat. */
  beatMs: number;
  /** What the reader of the index keeps of this agent. */
  kept?: Kept | undefined;
}

export interface IndexMoment {
  readonly nowMs: number;
  /** Text form -> why it is degraded. */
  readonly marks: ReadonlyMap<string, string>;
}

/**
 * A copy of the index of agents. Heartbeats raise scores, so only what is above the highest known score is asked for;
 * when the number of agents shows that somebody is gone, or the clock went back, all of it is read again.
 */
export class AgentIndex<Kept> {
  readonly #core: CoordinationCore;
  readonly #entries = new Map<string, IndexEntry<Kept>>();
  /** By type, and all under ''; in the order of text forms. */
  readonly #sorted = new Map<string, readonly IndexEntry<Kept>[]>();
  /** What is in the index and names no agent. */
  readonly #odd = new Set<string>();
  #highest = 0;
  #wholeAt = -Infinity;
  #running: Promise<IndexMoment> | undefined;
  #next: Promise<IndexMoment> | undefined;

  constructor(core: CoordinationCore) {
    this.#core = core;
  }

  /** Those of the last look. */
  entries(type = ''): readonly IndexEntry<Kept>[] {
    const known = this.#sorted.get(type);
    if (known !== undefined) return known;
    const all = [...this.#entries.values()].filter(({ id }) => type === '' || id.type === type);
    const sorted = all.sort((one, other) => (one.text < other.text ? -1 : 1));
    this.#sorted.set(type, sorted);
    return sorted;
  }

  /**
   * Bring the copy up to date. Who asks while that is under way shares the next look: it shows what was before they
   * asked. Errors: redis_unavailable (unavailable)
   */
  look(): Promise<IndexMoment> {
    if (this.#running === undefined) return this.#begin();
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#running ?? this.#begin();
      });
    return this.#next;
  }

  #begin(): Promise<IndexMoment> {
    const running = this.#look().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  async #look(): Promise<IndexMoment> {
    const isDue = performance.now() - this.#wholeAt >= WHOLE_EVERY_MS;
    if (!isDue) {
      const { moment, count } = await this.#ask(String(this.#highest));
      if (moment.nowMs >= this.#highest && count === this.#entries.size + this.#odd.size) return moment;
    }
    const { moment } = await this.#ask('-inf');
    this.#wholeAt = performance.now();
    return moment;
  }

  async #ask(from: string): Promise<{ moment: IndexMoment; count: number }> {
    const { redis, keys } = this.#core;
    const answer = await askScript(redis, listAgents, [keys.agentIndex(), keys.degradedAgents()], [from]);
    // What the script answers.
    const [nowMs, text, count, marks] = answer as [number, string, number, string[]];
    const beats = text === '' ? [] : text.split('\n');
    if (from === '-inf') this.#retain(beats);
    for (let at = 0; at + 1 < beats.length; at += 2) this.#note(beats[at]!, Number(beats[at + 1]));
    return { moment: { nowMs, marks: new Map(pairsOf(marks)) }, count };
  }

  #note(text: string, beatMs: number): void {
    this.#highest = Math.max(this.#highest, beatMs);
    const entry = this.#entries.get(text);
    if (entry !== undefined) {
      entry.beatMs = beatMs;
      return;
    }
    const id = parseAgentIdText(text);
    if (id === undefined) {
      this.#odd.add(text);
      return;
    }
    this.#entries.set(text, { text, id, beatMs });
    this.#sorted.clear();
  }

  /** The others are gone. */
  #retain(beats: readonly string[]): void {
    this.#highest = 0;
    this.#odd.clear();
    if (this.#entries.size === 0) return;
    const there = new Set(beats);
    for (const text of this.#entries.keys()) {
      if (there.has(text)) continue;
      this.#entries.delete(text);
      this.#sorted.clear();
    }
  }
}

function* pairsOf(flat: readonly string[]): Generator<[string, string]> {
  for (let at = 0; at + 1 < flat.length; at += 2) yield [flat[at]!, flat[at + 1]!];
}
