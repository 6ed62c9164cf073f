import { setImmediate } from 'node:timers/promises';
import type { RedisClient } from '../../redis/connect.ts';
import { runScript } from '../../redis/script.ts';
import type { AgentIdInput } from '../models/agent-id.ts';
import type { QueueMessage } from '../models/queue-message.ts';
import type { Logger, MetricsSink } from '../ports.ts';
import { writeAudit } from '../scripts/write-audit.ts';
import { AUDIT_FIELDS, auditValues, type AuditSubject } from './audit-fields.ts';
import { asking, withinTime } from './availability.ts';
import { MESSAGE_METRICS } from './metric-names.ts';

export const AUDIT_EVENTS = [
  'sent',
  'duplicate',
  'refused',
  'received',
  'extended',
  'acked',
  'nacked',
  'retry_scheduled',
  'dead_lettered',
  'recovered',
  'released',
  'replayed',
  'purged',
  'moved',
] as const;
export type AuditEvent = (typeof AUDIT_EVENTS)[number];

/** One entry, as it is read back. */
export interface AuditEntry {
  readonly id: string;
  readonly at: string;
  readonly event: string;
  readonly message_id: string;
  readonly enqueue_id: string;
  readonly sender: string;
  readonly recipient: string;
  readonly priority: number;
  readonly type: string;
  readonly attempts: number;
  readonly payload_bytes: number;
  readonly payload_sha256: string;
  readonly error?: string;
}

export interface AuditQuery {
  readonly messageId?: string;
  /** Text form; of the sender or of the mailbox. */
  readonly agent?: string;
  /** Newest entries, 1 to 1000. Default 100. */
  readonly limit?: number;
  /** Only entries older than the one of this id. */
  readonly before?: string;
}

const LONGEST_LOOK = 100_000;
const PAGE = 1000;
/** Entries that are written at once; a script that writes more would keep others waiting. */
const BATCH = 200;
/** While Redis is away entries wait; beyond this many they are counted as lost. */
const MOST_WAITING = 20_000;
/** Who closes waits so long for what is not written yet. */
const LAST_WRITES_MS = 3000;

/** What happened, when, and the values of the fields. */
type Entry = readonly [AuditEvent, string, readonly string[]];
const FIELDS = JSON.stringify(AUDIT_FIELDS);

/** The trail of what happened to messages. It never holds a payload, only its size and digest. */
export class MessageAudit {
  readonly #redis: RedisClient;
  readonly #stream: string;
  readonly #maxLen: () => number;
  readonly #metrics: MetricsSink;
  readonly #logger: Logger;
  #entries: Entry[] = [];
  #writing: Promise<void> | undefined;

  constructor(
    redis: RedisClient,
    stream: string,
    maxLen: () => number,
    ports: { metrics: MetricsSink; logger: Logger },
  ) {
    this.#redis = redis;
    this.#stream = stream;
    this.#maxLen = maxLen;
    this.#metrics = ports.metrics;
    this.#logger = ports.logger;
  }

  /**
   * Writes without making anybody wait; what happens while an earlier write is under way goes out together. What
   * cannot be written is logged and counted.
   */
  write(event: AuditEvent, subject: AuditSubject, error?: string): void {
    if (this.#maxLen() === 0) return;
    if (this.#entries.length >= MOST_WAITING) {
      this.failed(new Error('too many entries wait to be written'));
      return;
    }
    this.#entries.push([event, new Date().toISOString(), auditValues(subject, error)]);
    this.#writing ??= this.#writeAll();
  }

  writeQueued(event: AuditEvent, agent: AgentIdInput, queued: QueueMessage, error?: string): void {
    const { message, enqueue_id: enqueueId, delivery_attempts: attempts } = queued;
    this.write(event, { message, agent, enqueueId, attempts }, error);
  }

  failed(failure: unknown, entries = 1): void {
    this.#metrics.inc(MESSAGE_METRICS.auditFailures, {}, entries);
    this.#logger.warn({ err: failure }, 'the audit of messages could not be written');
  }

  /** The newest entries that fit, newest first. Errors: redis_unavailable (unavailable) */
  async read({ messageId, agent, limit = 100, before }: AuditQuery = {}): Promise<AuditEntry[]> {
    const found: AuditEntry[] = [];
    let end = before === undefined ? '+' : `(${before}`;
    for (let looked = 0; looked < LONGEST_LOOK && found.length < limit; looked += PAGE) {
      const page = await asking(this.#redis, 'read the audit', () =>
        this.#redis.xrevrange(this.#stream, end, '-', 'COUNT', PAGE),
      );
      for (const [id, flat] of page) {
        const entry = toEntry(id, flat);
        const fits =
          (messageId === undefined || entry.message_id === messageId) &&
          (agent === undefined || entry.sender === agent || entry.recipient === agent);
        if (fits && found.length < limit) found.push(entry);
      }
      const last = page.at(-1);
      if (page.length < PAGE || last === undefined) break;
      end = `(${last[0]}`;
    }
    return found;
  }

  /** Returns when everything so far is written, or has failed; a Redis that is silent is not waited for. */
  async flush(): Promise<void> {
    try {
      await withinTime(Promise.resolve(this.#writing), LAST_WRITES_MS, 'the audit');
    } catch (error) {
      this.failed(error, this.#entries.splice(0).length);
    }
  }

  async #writeAll(): Promise<void> {
    // What happens in this turn of the event loop belongs to the first batch.
    await setImmediate();
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
      const args = [this.#maxLen(), FIELDS, JSON.stringify(batch)];
      await runScript(this.#redis, writeAudit, [this.#stream], args).catch((failure: unknown) =>
        this.failed(failure, batch.length),
      );
    }
    this.#writing = undefined;
  }

  #take(): Entry[] {
    return this.#entries.splice(0, BATCH);
  }
}

function toEntry(id: string, flat: readonly string[]): AuditEntry {
  const fields: Record<string, string> = {};
  for (let index = 0; index + 1 < flat.length; index += 2) fields[flat[index]!] = flat[index + 1]!;
  const text = (name: string): string => fields[name] ?? '';
  return {
    id,
    at: text('at'),
    event: text('event'),
    message_id: text('message_id'),
    enqueue_id: text('enqueue_id'),
    sender: text('sender'),
    recipient: text('recipient'),
    priority: Number(text('priority')),
    type: text('type'),
    attempts: Number(text('attempts')),
    payload_bytes: Number(text('payload_bytes')),
    payload_sha256: text('payload_sha256'),
    ...(fields['error'] === undefined ? {} : { error: fields['error'] }),
  };
}
