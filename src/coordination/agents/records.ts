import { z } from 'zod';
import type { CoordinationCore } from '../core.ts';
import { keyParts } from '../keys.ts';
import { asking } from '../messages/availability.ts';
import { agentIdText, parseAgentIdText, type AgentId, type AgentIdInput } from '../models/agent-id.ts';
import { AgentRecord, DegradedBy } from '../models/agent-record.ts';
import type { AgentFilter, AgentView } from './directory.ts';
import type { DegradedMark } from './local-agent.ts';
import { AGENT_METRICS } from './metric-names.ts';
import { readState } from './state.ts';

/** Records per MGET. */
const CHUNK = 500;
/** A record that has not beaten is read again after this time and up to as much again: somebody may have touched it. */
const TRUST_MS = 5000;

interface Known {
  readonly id: AgentId;
  /** The heartbeat with which it was read, and until when it is believed. */
  beat: number;
  until: number;
  text: string;
  /** Null when it cannot be read. */
  record: AgentRecord | null;
}

const Mark = z.strictObject({ by: DegradedBy, reason: z.string().nullable(), at: z.iso.datetime() });

/**
 * Reads records. What was read is kept: a heartbeat moves an agent in the index, so only those that have beaten
 * since are fetched and parsed again.
 */
export class AgentRecords {
  readonly #core: CoordinationCore;
  readonly #retentionMs: number;
  readonly #known = new Map<string, Known>();

  constructor(core: CoordinationCore, retentionMs: number) {
    this.#core = core;
    this.#retentionMs = retentionMs;
  }

  /** Errors: redis_unavailable (unavailable) */
  async list({ type, isAlive, includeState = false }: AgentFilter = {}): Promise<AgentView[]> {
    const { redis, keys } = this.#core;
    const [now, index, marks] = await asking(redis, 'list agents', async () => {
      const answers = await redis
        .pipeline()
        .time()
        .zrange(keys.agentIndex(), 0, '-1', 'WITHSCORES')
        .hgetall(keys.degradedAgents())
        .exec();
      const [time, members, degraded] = (answers ?? []).map(valueOf);
      // What these commands answer.
      return [
        toMs(time as [string, string]),
        members as string[],
        degraded as Record<string, string>,
      ] as const;
    });
    const beats = new Map<string, number>();
    for (let at = 0; at + 1 < index.length; at += 2) beats.set(index[at]!, Number(index[at + 1]));
    if (this.#known.size > 0)
      for (const text of this.#known.keys()) if (!beats.has(text)) this.#known.delete(text);

    const start = type === undefined ? '' : `${type}:`;
    const wanted: string[] = [];
    for (const [text, beat] of beats)
      if (text.startsWith(start) && now - beat <= this.#retentionMs) wanted.push(text);
    await this.#refresh(
      wanted.filter((text) => !this.#isFresh(text, beats.get(text)!, now)),
      beats,
      now,
    );

    const views: AgentView[] = [];
    for (const text of wanted.sort()) {
      const known = this.#known.get(text);
      if (known?.record == null) continue;
      const view = viewOf(text, known, beats.get(text)!, now, marks[text]);
      if (isAlive === undefined || view.isAlive === isAlive) views.push(view);
    }
    return includeState ? this.#withStates(views) : views;
  }

  /** Errors: validation, redis_unavailable */
  async get(agent: AgentIdInput): Promise<AgentView | null> {
    const { redis, keys } = this.#core;
    const text = agentIdText(agent);
    const [time, score, record, mark] = await asking(redis, 'get agent', async () => {
      const answers = await redis
        .pipeline()
        .time()
        .zscore(keys.agentIndex(), text)
        .get(keys.agent(...keyParts(agent)))
        .hget(keys.degradedAgents(), text)
        .exec();
      return (answers ?? []).map(valueOf) as [[string, string], string | null, string | null, string | null];
    });
    if (score === null || record === null) return null;
    const now = toMs(time);
    if (now - Number(score) > this.#retentionMs) return null;
    const known = this.#read(text, record, Number(score), now);
    return known?.record == null ? null : viewOf(text, known, Number(score), now, mark ?? undefined);
  }

  #isFresh(text: string, beat: number, now: number): boolean {
    const known = this.#known.get(text);
    return known !== undefined && known.beat === beat && now < known.until;
  }

  async #refresh(texts: readonly string[], beats: ReadonlyMap<string, number>, now: number): Promise<void> {
    if (texts.length === 0) return;
    const { keys } = this.#core;
    const records = await this.#getAll(texts.map((text) => keys.agent(...partsOf(text))));
    for (const [place, text] of texts.entries()) {
      const record = records[place] ?? null;
      if (record === null) this.#known.delete(text);
      else this.#read(text, record, beats.get(text)!, now);
    }
  }

  async #getAll(keys: readonly string[]): Promise<(string | null)[]> {
    const { redis } = this.#core;
    return asking(redis, 'read agents', async () => {
      const pipeline = redis.pipeline();
      for (let at = 0; at < keys.length; at += CHUNK) pipeline.mget(keys.slice(at, at + CHUNK));
      const answers = (await pipeline.exec()) ?? [];
      return answers.flatMap((answer) => valueOf(answer) as (string | null)[]);
    });
  }

  /** Undefined when its text form is none. */
  #read(text: string, raw: string, beat: number, now: number): Known | undefined {
    const until = now + TRUST_MS * (1 + Math.random());
    const known = this.#known.get(text);
    if (known !== undefined && known.text === raw) {
      known.beat = beat;
      known.until = until;
      return known;
    }
    const id = known?.id ?? parseAgentIdText(text);
    if (id === undefined) return undefined;
    const record = parseRecord(raw, text);
    if (record === null) {
      this.#core.metrics.inc(AGENT_METRICS.corruptRecords);
      this.#core.logger.warn({ agent: text }, 'the record of an agent cannot be read; it is left out');
    }
    const read = { id, beat, until, text: raw, record };
    this.#known.set(text, read);
    return read;
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

function parseRecord(raw: string, text: string): AgentRecord | null {
  try {
    const parsed = AgentRecord.safeParse(JSON.parse(raw));
    return parsed.success && parsed.data.agent_id === text ? parsed.data : null;
  } catch {
    return null;
  }
}

/** A record as it is at this moment: the mark of degradation is newer than the last heartbeat. */
function viewOf(text: string, known: Known, beat: number, now: number, mark: string | undefined): AgentView {
  const record = known.record!;
  const heartbeatAgeMs = Math.max(0, now - beat);
  const isMarked = mark !== undefined || record.status.degraded;
  return {
    id: known.id,
    text,
    record: isMarked ? { ...record, status: { ...record.status, ...degradedStatus(mark) } } : record,
    isAlive: heartbeatAgeMs <= record.heartbeat_ttl_s * 1000,
    heartbeatAgeMs,
  };
}

function degradedStatus(
  text: string | undefined,
): Pick<AgentRecord['status'], 'degraded' | 'degraded_by' | 'reason'> {
  const mark = readMark(text);
  return { degraded: mark !== null, degraded_by: mark?.by ?? null, reason: mark?.reason ?? null };
}

/** A mark that cannot be read is one: nobody but an operator can have touched it. */
export function readMark(text: string | undefined): DegradedMark | null {
  if (text === undefined || text === '') return null;
  try {
    return Mark.parse(JSON.parse(text));
  } catch {
    return { by: 'operator', reason: null };
  }
}

function partsOf(text: string): [type: string, instance: string] {
  const [type = '', instance = ''] = text.split(':');
  return [type, instance];
}

function toMs([seconds, micros]: readonly [string, string]): number {
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

function valueOf([error, value]: readonly [Error | null, unknown]): unknown {
  if (error !== null) throw error;
  return value;
}
