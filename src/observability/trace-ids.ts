import { createHash, randomBytes } from 'node:crypto';

/** A span as others name it: enough to stand below it without knowing it. */
export interface SpanRef {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})/;

/** The span a W3C `traceparent` names, or null when there is none or it is not one. */
export function parseTraceparent(text: string | undefined): SpanRef | null {
  const found = text === undefined ? null : TRACEPARENT.exec(text);
  if (found === null) return null;
  const [, traceId = '', spanId = '', flags = ''] = found;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The trace of a run that nobody outside traces: everybody who knows the run knows it. */
export function traceIdOf(runId: string): string {
  return hex(runId, 32);
}

/** The span of a step: its attempts stand below it before anybody has drawn it. */
export function stepSpanIdOf(runId: string, path: string, generation: number): string {
  return hex(`${runId} ${path} ${generation}`, 16);
}

function hex(text: string, length: number): string {
  const id = createHash('sha256').update(text).digest('hex').slice(0, length);
  return /^0+$/.test(id) ? `${id.slice(1)}1` : id;
}

/**
 * Random ids, but for a span whose id was agreed on. It is asked synchronously while a span is started, so `during`
 * plans for exactly one span.
 */
export class PlannedIds {
  #spanId: string | undefined;
  #traceId: string | undefined;
  /** Whether the provider of this process asks here. */
  areKept = false;

  during<T>(ids: { readonly spanId?: string; readonly traceId?: string }, start: () => T): T {
    this.#spanId = ids.spanId;
    this.#traceId = ids.traceId;
    try {
      return start();
    } finally {
      this.#spanId = undefined;
      this.#traceId = undefined;
    }
  }

  generateSpanId = (): string => this.#spanId ?? randomHex(8);
  generateTraceId = (): string => this.#traceId ?? randomHex(16);
}

export function randomSpanId(): string {
  return randomHex(8);
}

/** Asking the system for each id would cost more than the rest of its span. */
let pool = Buffer.alloc(0);
let used = 0;

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    pool = randomBytes(4096);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

/** Of this process: the provider asks it, the door below plans with it. */
export const plannedIds = new PlannedIds();
