import type { CoordinationCore } from '../core.ts';
import { asking, askScript } from '../messages/availability.ts';
import { AgentCapabilitySet } from '../models/capability.ts';
import { pruneCapabilities } from '../scripts/prune-capabilities.ts';
import { readIndexLine, type IndexLine } from './index-line.ts';
import { offersOf, type Offer } from './match/offer.ts';
import { CAPABILITY_METRICS } from './metric-names.ts';

/** Sets that are asked for at once; between two of these the process does other things. */
const CHUNK = 250;
/** Lapsed lines that one read removes at most. */
const PRUNE_MAX = 1000;

/** What all agents advertise, at one moment. */
export interface Catalogue {
  /** Equal epochs mean equal sets. */
  readonly epoch: number;
  /** Redis time in ms. */
  readonly now: number;
  /** By text form; the dead may be among them. */
  readonly lines: ReadonlyMap<string, IndexLine>;
  readonly sets: ReadonlyMap<string, AgentCapabilitySet>;
  readonly offers: readonly Offer[];
  /** Agents in the index whose set is gone. */
  readonly lapsed: readonly string[];
}

interface KnownSet {
  readonly revision: number;
  readonly set: AgentCapabilitySet | 'gone' | 'unreadable';
}

/**
 * Reads what agents advertise: the index at every read, which is one hash, and of the sets those alone whose revision
 * is new. The first read of a process asks for all of them.
 */
export class CatalogueReader {
  readonly #core: CoordinationCore;
  readonly #known = new Map<string, KnownSet>();
  #epoch = -1;
  #sets: ReadonlyMap<string, AgentCapabilitySet> = new Map();
  #offers: readonly Offer[] = [];
  #syncing: Promise<void> = Promise.resolve();

  constructor(core: CoordinationCore) {
    this.#core = core;
  }

  /** Errors: redis_unavailable (unavailable) */
  async read(): Promise<Catalogue> {
    const { epoch, now, lines } = await this.#readIndex();
    const syncing = this.#syncing.then(() => this.#sync(epoch, lines));
    this.#syncing = syncing.catch(() => undefined);
    await syncing;
    const lapsed: string[] = [];
    for (const [text, { isAlive }] of lines)
      if (!isAlive || this.#known.get(text)?.set === 'gone') lapsed.push(text);
    await this.#prune(lapsed.slice(0, PRUNE_MAX));
    return { epoch, now, lines, sets: this.#sets, offers: this.#offers, lapsed };
  }

  async #readIndex(): Promise<{ epoch: number; now: number; lines: Map<string, IndexLine> }> {
    const { redis, keys } = this.#core;
    const answers = await asking(redis, 'read capabilities', () =>
      redis.multi().time().get(keys.capabilityEpoch()).hvals(keys.capabilityIndex()).exec(),
    );
    const [[, time], [, epoch], [, index]] = answers as [
      [null, [string | number, string | number]],
      [null, string | null],
      [null, string[]],
    ];
    const now = Number(time[0]) * 1000 + Math.floor(Number(time[1]) / 1000);
    const lines = new Map<string, IndexLine>();
    for (const text of index) {
      const line = readIndexLine(text, now);
      lines.set(line.agent, line);
    }
    return { epoch: Number(epoch ?? 0), now, lines };
  }

  /** One at a time; whoever comes second finds most of it done. */
  async #sync(epoch: number, lines: ReadonlyMap<string, IndexLine>): Promise<void> {
    if (epoch === this.#epoch) return;
    for (const text of this.#known.keys()) if (!lines.has(text)) this.#known.delete(text);
    const wanted = [...lines].filter(([text, { revision }]) => this.#known.get(text)?.revision !== revision);
    for (let start = 0; start < wanted.length; start += CHUNK)
      await this.#fetch(wanted.slice(start, start + CHUNK));
    const sets = new Map<string, AgentCapabilitySet>();
    for (const [text, { set }] of this.#known) if (typeof set === 'object') sets.set(text, set);
    this.#sets = sets;
    this.#offers = [...sets.values()].flatMap(offersOf);
    this.#epoch = epoch;
  }

  async #fetch(wanted: readonly (readonly [string, IndexLine])[]): Promise<void> {
    const { redis } = this.#core;
    const keys = wanted.map(([text]) => this.#keyOf(text));
    const found = await asking(redis, 'read capabilities', () => redis.mget(keys));
    for (const [index, [text, { revision }]] of wanted.entries()) {
      const json = found[index] ?? null;
      this.#known.set(text, { revision, set: json === null ? 'gone' : this.#parsed(text, json) });
    }
  }

  /** What cannot be read is left out, counted and told. */
  #parsed(text: string, json: string): AgentCapabilitySet | 'unreadable' {
    const set = AgentCapabilitySet.safeParse(jsonOf(json));
    if (set.success && set.data.agent_id === text) return set.data;
    this.#core.metrics.inc(CAPABILITY_METRICS.unreadable);
    this.#core.logger.warn({ agent: text }, 'the capabilities of an agent cannot be read');
    return 'unreadable';
  }

  async #prune(texts: readonly string[]): Promise<void> {
    if (texts.length === 0) return;
    const { redis, keys } = this.#core;
    await askScript(
      redis,
      pruneCapabilities,
      [keys.capabilityIndex(), ...texts.map((text) => this.#keyOf(text))],
      texts,
    );
  }

  /** A line that somebody else wrote leads to a key that does not exist. */
  #keyOf(text: string): string {
    const [type = '', instance = ''] = text.split(':');
    return this.#core.keys.capabilities(type, instance);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
