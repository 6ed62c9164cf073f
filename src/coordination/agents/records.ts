import { z } from 'zod';
import type { CoordinationCore } from '../core.ts';
import { keyParts } from '../keys.ts';
import { asking, askScript } from '../messages/availability.ts';
import { agentIdText, canonicalAgentId, type AgentIdInput } from '../models/agent-id.ts';
import { AgentRecord, DegradedBy } from '../models/agent-record.ts';
import { isWrittenRecord } from '../models/written-record.ts';
import { readAgents } from '../scripts/read-agents.ts';
import { AgentIndex, type IndexEntry } from './agent-index.ts';
import type { AgentFilter, AgentView } from './directory.ts';
import type { DegradedMark } from './local-agent.ts';
import { AGENT_METRICS } from './metric-names.ts';
import { readState } from './state.ts';

/** Records per script or MGET. */
const CHUNK = 500;
/** In the place of a record that is not there. */
const ABSENT = 'absent';
/** One that has not beaten is read again after this time, up to twice as long: somebody may have touched it. */
const TRUST_MS = 5000;

interface KnownRecord {
  /** Null when it cannot be read. */
  readonly record: AgentRecord | null;
  /** The heartbeat it was read after, and until when it is believed without another one. */
  readonly beatMs: number;
  readonly until: number;
}

const Mark = z.strictObject({ by: DegradedBy, reason: z.string().nullable(), at: z.iso.datetime() });

/**
 * Reads records. What was read is kept: a heartbeat moves an agent in the index, so only those that have beaten
 * since are fetched and parsed again.
 */
export class AgentRecords {
  readonly #core: CoordinationCore;
  readonly #retentionMs: number;
  readonly #index: AgentIndex<KnownRecord>;
  /** Text form -> the record that was complained about. */
  readonly #corrupt = new Map<string, string>();

  constructor(core: CoordinationCore, retentionMs: number) {
    this.#core = core;
    this.#retentionMs = retentionMs;
    this.#index = new AgentIndex(core);
  }

  /** Errors: redis_unavailable (unavailable) */
  async list({ type, isAlive, includeState = false }: AgentFilter = {}): Promise<AgentView[]> {
    const { nowMs, marks } = await this.#index.look();
    const entries = this.#index.entries(type);
    await this.#refresh(entries, nowMs);
    const views: AgentView[] = [];
    for (const entry of entries) {
      const record = entry.kept?.record;
      if (record == null || nowMs - entry.beatMs > this.#retentionMs) continue;
      const view = viewOf(entry, record, nowMs, marks.get(entry.text));
      if (isAlive === undefined || view.isAlive === isAlive) views.push(view);
    }
    return includeState ? this.#withStates(views) : views;
  }

  /** Errors: redis_unavailable (unavailable) */
  async get(agent: AgentIdInput): Promise<AgentView | null> {
    const { redis, keys } = this.#core;
    const text = agentIdText(agent);
    const [time, beat, raw, mark] = await asking(redis, 'get agent', async () => {
      const answers = await redis
        .pipeline()
        .time()
        .zscore(keys.agentIndex(), text)
        .get(keys.agent(...keyParts(agent)))
        .hget(keys.degradedAgents(), text)
        .exec();
      // What these commands answer.
      return (answers ?? []).map(valueOf) as [[string, string], string | null, string | null, string | null];
    });
    const nowMs = Number(time[0]) * 1000 + Math.floor(Number(time[1]) / 1000);
    if (beat === null || raw === null || nowMs - Number(beat) > this.#retentionMs) return null;
    const record = this.#parse(text, raw);
    if (record === null) return null;
    return viewOf({ text, id: canonicalAgentId(agent), beatMs: Number(beat) }, record, nowMs, mark ?? '');
  }

  async #refresh(entries: readonly IndexEntry<KnownRecord>[], nowMs: number): Promise<void> {
    const stale = entries.filter((entry) => {
      const known = entry.kept;
      const isKnown = known !== undefined && known.beatMs === entry.beatMs && nowMs < known.until;
      return !isKnown && nowMs - entry.beatMs <= this.#retentionMs;
    });
    if (stale.length === 0) return;
    await Promise.all(
      chunksOf(stale).map(async (chunk) => {
        // An entry may beat while its record is on the way; then it is read again next time.
        const beats = chunk.map(({ beatMs }) => beatMs);
        const records = await this.#read(chunk);
        for (const [place, entry] of chunk.entries()) {
          const record = records[place];
          if (record === undefined) entry.kept = undefined;
          else {
            const until = nowMs + TRUST_MS * (1 + Math.random());
            entry.kept = { record, beatMs: beats[place]!, until };
          }
        }
      }),
    );
  }

  /** Undefined for what is not there, null for what cannot be read. */
  async #read(entries: readonly IndexEntry<KnownRecord>[]): Promise<(AgentRecord | null | undefined)[]> {
    const { redis, keys } = this.#core;
    const start = keys.agent('', '').slice(0, -1);
    const texts = entries.map(({ text }) => text);
    const answer = await askScript(redis, readAgents, [keys.agentIndex()], [start, ...texts]);
    const values = readArray(String(answer), texts);
    if (values !== undefined) return values;
    // Somebody else wrote one of them: each is read by itself.
    const raws = await this.#getAll(entries.map(({ id }) => keys.agent(...keyParts(id))));
    return raws.map((raw, place) => (raw === null ? undefined : this.#parse(texts[place]!, raw)));
  }

  /** Null when it cannot be read, which is told once. */
  #parse(text: string, raw: string): AgentRecord | null {
    const record = parseRecord(text, raw);
    if (record !== null) this.#corrupt.delete(text);
    else if (this.#corrupt.get(text) !== raw) {
      this.#corrupt.set(text, raw);
      this.#core.metrics.inc(AGENT_METRICS.corruptRecords);
      this.#core.logger.warn({ agent: text }, 'the record of an agent cannot be read; it is left out');
    }
    return record;
  }

  async #getAll(keys: readonly string[]): Promise<(string | null)[]> {
    const { redis } = this.#core;
    return asking(redis, 'read agents', async () => {
      const pipeline = redis.pipeline();
      for (const chunk of chunksOf(keys)) pipeline.mget(chunk);
      const answers = (await pipeline.exec()) ?? [];
      return answers.flatMap((answer) => valueOf(answer) as (string | null)[]); // what MGET answers
    });
  }

  async #withStates(views: readonly AgentView[]): Promise<AgentView[]> {
    const { keys } = this.#core;
    const states = await this.#getAll(views.map(({ id }) => keys.agentState(...keyParts(id))));
    return views.map((view, place) => {
      const text = states[place] ?? null;
      const read = text === null ? null : readState(text);
      return { ...view, state: read !== null && 'saved' in read ? read.saved : null };
    });
  }
}

function chunksOf<T>(list: readonly T[]): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < list.length; at += CHUNK) chunks.push(list.slice(at, at + CHUNK));
  return chunks;
}

/** What the script answers for these agents; undefined when anything in it is not as heartbeats write it. */
function readArray(text: string, agents: readonly string[]): (AgentRecord | undefined)[] | undefined {
  try {
    const values = JSON.parse(text) as unknown[]; // the script puts it into brackets
    if (values.length !== agents.length) return undefined;
    const isRead = values.every((value, place) => value === ABSENT || isWrittenRecord(value, agents[place]!));
    // Each of them was looked at.
    return isRead ? values.map((value) => (value === ABSENT ? undefined : value)) : undefined;
  } catch {
    return undefined;
  }
}

function parseRecord(text: string, raw: string): AgentRecord | null {
  try {
    const value: unknown = JSON.parse(raw);
    if (isWrittenRecord(value, text)) return value;
    const parsed = AgentRecord.safeParse(value);
    return parsed.success && parsed.data.agent_id === text ? parsed.data : null;
  } catch {
    return null;
  }
}

/** A record as it is at this moment: the mark of degradation is newer than the last heartbeat. */
function viewOf(entry: IndexEntry<KnownRecord>, record: AgentRecord, nowMs: number, mark = ''): AgentView {
  const heartbeatAgeMs = Math.max(0, nowMs - entry.beatMs);
  const isMarked = mark !== '' || record.status.degraded;
  return {
    id: entry.id,
    text: entry.text,
    record: isMarked ? { ...record, status: { ...record.status, ...degradedStatus(mark) } } : record,
    isAlive: heartbeatAgeMs <= record.heartbeat_ttl_s * 1000,
    heartbeatAgeMs,
  };
}

function degradedStatus(text: string): Pick<AgentRecord['status'], 'degraded' | 'degraded_by' | 'reason'> {
  const mark = readMark(text);
  return { degraded: mark !== null, degraded_by: mark?.by ?? null, reason: mark?.reason ?? null };
}

/** A mark that cannot be read is one: nobody but an operator can have touched it. */
export function readMark(text: string): DegradedMark | null {
  if (text === '') return null;
  try {
    return Mark.parse(JSON.parse(text));
  } catch {
    return { by: 'operator', reason: null };
  }
}

function valueOf([error, value]: readonly [Error | null, unknown]): unknown {
  if (error !== null) throw error;
  return value;
}
