import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { playerAttributes } from './tracing.ts';

/** Spans that have ended and that nobody has taken yet, at most; further ones are dropped. */
export const MAX_WAITING_SPANS = 2_048;
const MAX_ATTRIBUTE_BYTES = 1_024;
const WARN_EVERY_MS = 60_000;

/** What libraries put on spans although it may be text of a player. */
const NEVER_EXPORTED: ReadonlySet<string> = new Set([
  'bullmq.job.result',
  'bullmq.job.options',
  'exception.message',
  'exception.stacktrace',
]);
const PLAYER_IDS: ReadonlySet<string> = new Set(['player_id', 'player.id', 'user.id', 'enduser.id']);

export interface GuardOptions {
  readonly log: Pick<Logger, 'warn'>;
  readonly metrics: Pick<Metrics, 'telemetry_dropped_total'>;
  readonly now?: () => number;
}

type Attributes = ReadableSpan['attributes'];

/** Stands around the batches: what they may hold, what leaves them, and what is known of those that got lost. */
export class ExportGuard {
  readonly #options: GuardOptions;
  #waiting = 0;
  /** Handed over, and not answered. */
  #underWay = 0;
  #isAbandoned = false;
  #lost = 0;
  #warnedAt = -Infinity;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  processor(batches: SpanProcessor): SpanProcessor {
    return {
      forceFlush: () => batches.forceFlush(),
      shutdown: () => batches.shutdown(),
      onStart: (span, context) => batches.onStart(span, context),
      onEnd: (span) => {
        if (this.#waiting + this.#underWay >= MAX_WAITING_SPANS) return this.#drop(1, 'too many spans wait');
        this.#waiting += 1;
        batches.onEnd(span);
      },
    };
  }

  exporter(target: SpanExporter): SpanExporter {
    return {
      export: (spans, done) => {
        this.#waiting -= spans.length;
        this.#underWay += spans.length;
        target.export(spans.map(cleaned), (result) => {
          this.#underWay -= spans.length;
          if (result.code !== ExportResultCode.SUCCESS && !this.#isAbandoned)
            this.#drop(spans.length, result.error?.message ?? 'refused');
          done(result);
        });
      },
      shutdown: () => target.shutdown(),
    };
  }

  /** The process ends: what nobody has taken by now is lost. */
  abandon(): void {
    this.#isAbandoned = true;
    const left = this.#waiting + this.#underWay;
    if (left > 0) this.#drop(left, 'the process ended');
  }

  #drop(count: number, reason: string): void {
    const { log, metrics, now = Date.now } = this.#options;
    metrics.telemetry_dropped_total.inc({ signal: 'traces' }, count);
    this.#lost += count;
    if (now() - this.#warnedAt < WARN_EVERY_MS) return;
    this.#warnedAt = now();
    log.warn({ spans: this.#lost, reason }, 'spans could not be exported');
    this.#lost = 0;
  }
}

/** The span itself when nothing has to be taken from it. */
function cleaned(span: ReadableSpan): ReadableSpan {
  if (span.events.length === 0 && isAllowed(span.attributes)) return span;
  const attributes = allowed(span.attributes);
  const events = span.events.map((event) => {
    const kept = event.attributes && allowed(event.attributes);
    return kept === event.attributes
      ? event
      : { ...event, ...(kept === undefined ? {} : { attributes: kept }) };
  });
  const isClean = attributes === span.attributes && events.every((event, at) => event === span.events[at]);
  if (isClean) return span;
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => span.spanContext(),
    ...(span.parentSpanContext === undefined ? {} : { parentSpanContext: span.parentSpanContext }),
    startTime: span.startTime,
    endTime: span.endTime,
    status: span.status,
    attributes,
    links: span.links,
    events,
    duration: span.duration,
    ended: span.ended,
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
}

function allowed<A extends Attributes>(attributes: A): A {
  if (isAllowed(attributes)) return attributes;
  const kept = Object.entries(attributes).flatMap(([name, value]) => {
    if (PLAYER_IDS.has(name)) return Object.entries(playerAttributes(String(value)));
    return mayLeave(name, value) ? [[name, value] as const] : [];
  });
  return Object.fromEntries(kept) as A; // fewer of the same, and a hash where an id was
}

/** Nearly all are; this runs for every span. */
function isAllowed(attributes: Attributes): boolean {
  for (const name in attributes) if (!mayLeave(name, attributes[name])) return false;
  return true;
}

function mayLeave(name: string, value: unknown): boolean {
  if (NEVER_EXPORTED.has(name) || PLAYER_IDS.has(name)) return false;
  if (typeof value === 'number' || typeof value === 'boolean' || value == null) return true;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length * 3 <= MAX_ATTRIBUTE_BYTES || Buffer.byteLength(text) <= MAX_ATTRIBUTE_BYTES;
}
