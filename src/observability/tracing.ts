import {
  context,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Span,
} from '@opentelemetry/api';
import { PromisedSpan } from './promised-span.ts';
import { plannedIds, randomSpanId, type SpanRef } from './trace-ids.ts';

const NAME = 'tta-agent-fleet';

export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SpanStart {
  readonly name: string;
  readonly attributes?: SpanAttributes;
  /** An open span, one that somebody else draws, or none; left out: whatever is active here. */
  readonly parent?: OpenSpan | SpanRef | null;
  /** Epoch milliseconds; left out: now. */
  readonly startMs?: number;
  /** Agreed on beforehand. Only a provider that asks {@link plannedIds} keeps to it. */
  readonly spanId?: string;
  /** Of a span without a parent. */
  readonly traceId?: string;
}

/** A span that has begun. */
export interface OpenSpan {
  readonly ids: { readonly trace_id: string; readonly span_id: string };
  set(attributes: SpanAttributes): void;
  /** It ended badly. The code alone: messages may quote what a player said. */
  fail(code: string): void;
  /** Epoch milliseconds; left out: now. */
  end(endMs?: number): void;
  /** Spans begun by `work` and by what it awaits stand below this one. */
  run<T>(work: () => T): T;
}

let hashPlayer: ((id: string) => string) | null = null;

/** How the ids of players are shown; null, and the beginning: not at all. */
export function showPlayersAs(hash: ((id: string) => string) | null): void {
  hashPlayer = hash;
}

/** Who a run is for, as far as a span may tell. */
export function playerAttributes(id: string | undefined): SpanAttributes {
  return id === undefined || hashPlayer === null ? {} : { 'player.hash': hashPlayer(id) };
}

/** Whether somebody records spans in this process; without that nothing need be prepared for them. */
export function isTracing(): boolean {
  const provider = trace.getTracerProvider();
  return provider instanceof ProxyTracerProvider ? provider.getDelegateTracer(NAME) !== undefined : true;
}

/** Begin a span. Without a provider it is one that does nothing. */
export function openSpan(start: SpanStart): OpenSpan {
  const { name, attributes, parent, startMs, spanId, traceId } = start;
  const around = contextOf(parent);
  const options = {
    ...(attributes === undefined ? {} : { attributes: present(attributes) }),
    ...(startMs === undefined ? {} : { startTime: timeOf(startMs) }),
  };
  const planned = {
    ...(spanId === undefined ? {} : { spanId }),
    ...(traceId === undefined ? {} : { traceId }),
  };
  const span = plannedIds.during(planned, () => trace.getTracer(NAME).startSpan(name, options, around));
  return new ApiSpan(span, trace.setSpan(around, span));
}

/**
 * The same for a span below another one, begun when `later` calls back: until then its place in the trace is taken and
 * nothing else. A provider that chooses ids of its own begins it at once.
 */
export function openSpanLater(start: SpanStart, later: (begin: () => void) => void): OpenSpan {
  const around = contextOf(start.parent);
  const above = trace.getSpanContext(around);
  if (!plannedIds.areKept || above === undefined) return openSpan(start);
  const { traceId, traceFlags } = above;
  const spanId = randomSpanId();
  const startTime = timeOf(start.startMs ?? Date.now());
  const promised = new PromisedSpan({ traceId, traceFlags, spanId });
  later(() => {
    const options = { attributes: present(start.attributes ?? {}), startTime };
    promised.keep(
      plannedIds.during({ spanId }, () => trace.getTracer(NAME).startSpan(start.name, options, around)),
    );
  });
  return new ApiSpan(promised, trace.setSpan(around, promised));
}

/** The ids that tie a log line to the span it was written in; empty outside of one. */
export function activeTraceIds(): { readonly trace_id?: string; readonly span_id?: string } {
  const span = trace.getActiveSpan();
  if (span === undefined) return NO_IDS;
  const { traceId, spanId } = span.spanContext();
  return { trace_id: traceId, span_id: spanId };
}

/** Wrap a plain function: each of its calls is a span. */
export function traced<A extends readonly unknown[], R>(
  name: string,
  work: (...args: A) => R,
): (...args: A) => R {
  return (...args) => {
    const span = openSpan({ name });
    const failed = (error: unknown): void => {
      span.fail(error instanceof Error && 'code' in error ? String(error.code) : 'error');
      span.end();
    };
    let result: R;
    try {
      result = span.run(() => work(...args));
    } catch (error) {
      failed(error);
      throw error;
    }
    if (result instanceof Promise) result.then(() => span.end(), failed);
    else span.end();
    return result;
  };
}

const NO_IDS = Object.freeze({});

class ApiSpan implements OpenSpan {
  readonly span: Span;
  readonly context: Context;

  constructor(span: Span, around: Context) {
    this.span = span;
    this.context = around;
  }

  get ids() {
    const { traceId, spanId } = this.span.spanContext();
    return { trace_id: traceId, span_id: spanId };
  }

  set(attributes: SpanAttributes): void {
    this.span.setAttributes(present(attributes));
  }

  fail(code: string): void {
    this.span.setAttribute('error.code', code);
    this.span.setStatus({ code: SpanStatusCode.ERROR, message: code });
    this.span.recordException({ name: code, code, message: code });
  }

  end(endMs?: number): void {
    this.span.end(endMs === undefined ? undefined : timeOf(endMs));
  }

  run<T>(work: () => T): T {
    return context.with(this.context, work);
  }
}

function contextOf(parent: SpanStart['parent']): Context {
  if (parent === undefined) return context.active();
  if (parent === null) return ROOT_CONTEXT;
  if (parent instanceof ApiSpan) return parent.context;
  if (!('traceId' in parent)) return ROOT_CONTEXT;
  const { traceId, spanId, isSampled } = parent;
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

/** The library skips what is undefined, it only does not say so in its types. */
function present(attributes: SpanAttributes): Attributes {
  return attributes;
}

/** A number would be taken for milliseconds since the start of the process when it is small. */
function timeOf(epochMs: number): [seconds: number, nanoseconds: number] {
  const seconds = Math.floor(epochMs / 1000);
  return [seconds, Math.round((epochMs - seconds * 1000) * 1_000_000)];
}
