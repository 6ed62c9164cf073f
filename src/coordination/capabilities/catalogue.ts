import type { CoordinationCore } from '../core.ts';
import { asking, askScript } from '../messages/availability.ts';
import type { AgentCapabilitySet } from '../models/capability.ts';
import { pruneCapabilities } from '../scripts/prune-capabilities.ts';
import { readCapabilities, readCapabilityIndex } from '../scripts/read-capabilities.ts';
import { readIndexLine, type IndexLine } from './index-line.ts';
import { offersOf, type Offer } from './match/offer.ts';
import { CAPABILITY_METRICS } from './metric-names.ts';
import { SetReader } from './set-reader.ts';

/** Sets that are asked for at once; between two of these the process does other things. */
const CHUNK = 500;
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
  readonly offers: readonly Offer[];
}

/**
 * Reads what agents advertise: the index at every read, which is one hash, and of the sets those alone whose revision
 * is new. The first read of a process asks for all of them.
 */
export class CatalogueReader {
  readonly #core: CoordinationCore;
  readonly #reader = new SetReader();
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
    const answer = await askScript(
      redis,
      readCapabilityIndex,
      [keys.capabilityIndex(), keys.capabilityEpoch()],
      [],
    );
    const [now, epoch, text] = answer as [number, string, string]; // what the script answers
    const lines = new Map<string, IndexLine>();
    for (const each of text === '' ? [] : text.split('\n')) {
      const line = readIndexLine(each, now);
      lines.set(line.agent, line);
    }
    return { epoch: Number(epoch), now, lines };
  }

  /** One at a time; whoever comes second finds most of it done. */
  async #sync(epoch: number, lines: ReadonlyMap<string, IndexLine>): Promise<void> {
    if (epoch === this.#epoch) return;
    for (const text of this.#known.keys()) if (!lines.has(text)) this.#known.delete(text);
    const wanted = [...lines].filter(([text, { revision }]) => this.#known.get(text)?.revision !== revision);
    for (let start = 0; start < wanted.length; start += CHUNK)
      await this.#fetch(wanted.slice(start, start + CHUNK));
    const sets = new Map<string, AgentCapabilitySet>();
    const offers: Offer[] = [];
    for (const [text, known] of this.#known) {
      if (typeof known.set === 'object') sets.set(text, known.set);
      for (const offer of known.offers) offers.push(offer);
    }
    this.#sets = sets;
    this.#offers = offers;
    this.#epoch = epoch;
  }

  async #fetch(wanted: readonly (readonly [string, IndexLine])[]): Promise<void> {
    const found = await this.#read(wanted.map(([text]) => text));
    for (const [index, [text, { revision }]] of wanted.entries()) {
      const json = found[index];
      const set = json === undefined ? 'gone' : this.#parsed(text, json);
      const offers = typeof set === 'object' ? offersOf(set) : [];
      this.#known.set(text, { revision, set, offers });
    }
  }

  /** Undefined for what is not there. */
  async #read(texts: readonly string[]): Promise<(string | undefined)[]> {
    const { redis, keys } = this.#core;
    const start = keys.capabilities('', '').slice(0, -1);
    const answer = await askScript(redis, readCapabilities, [keys.capabilityIndex()], [start, ...texts]);
    const found = String(answer).split('\n');
    if (found.length === texts.length) return found.map((json) => (json === '-' ? undefined : json));
    // Somebody else wrote one of them: each is read by itself.
    const sets = await asking(redis, 'read capabilities', () =>
      redis.mget(texts.map((text) => this.#keyOf(text))),
    );
    return sets.map((json) => json ?? undefined);
  }

  /** What cannot be read is left out, counted and told. */
  #parsed(text: string, json: string): AgentCapabilitySet | 'unreadable' {
    const set = this.#reader.read(text, json);
    if (set !== undefined) return set;
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
