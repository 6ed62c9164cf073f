import type { OpenSpan, SpanAttributes, SpanStart } from '../../observability/tracing.ts';
import type { PrimitiveMetrics, Telemetry } from '../observe/telemetry.ts';

/** A span as it went, with its parent by name and path instead of by id. */
export interface CapturedSpan {
  readonly name: string;
  readonly attributes: SpanAttributes;
  readonly parent: CapturedSpan | null;
  readonly errorCode?: string;
}

export interface CapturedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a run told, kept in memory. */
export interface Captured {
  /** In the order in which they began. */
  readonly spans: readonly CapturedSpan[];
  readonly logs: readonly CapturedLine[];
  /** `<metric>{label="value",…}` -> by how much it changed; of a histogram how many values it got. */
  readonly metrics: Readonly<Record<string, number>>;
}

export function captureTelemetry(): { readonly telemetry: Telemetry; readonly captured: Captured } {
  const spans: CapturedSpan[] = [];
  const logs: CapturedLine[] = [];
  const metrics: Record<string, number> = {};
  const line = (level: CapturedLine['level']) => (fields: object, message: string) =>
    void logs.push({ level, message, fields: { ...fields } });
  return {
    telemetry: {
      metrics: countingInto(metrics),
      log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
      openSpan: (start) => new MemorySpan(start, spans),
      isPrompt: true,
    },
    captured: { spans, logs, metrics },
  };
}

class MemorySpan implements OpenSpan, CapturedSpan {
  readonly name: string;
  readonly parent: CapturedSpan | null;
  readonly ids: OpenSpan['ids'];
  attributes: SpanAttributes;
  errorCode?: string;

  constructor({ name, attributes = {}, parent }: SpanStart, all: CapturedSpan[]) {
    this.name = name;
    this.attributes = attributes;
    this.parent = parent instanceof MemorySpan ? parent : null;
    this.ids = { trace_id: 'captured', span_id: String(all.push(this)) };
  }

  set(attributes: SpanAttributes): void {
    this.attributes = { ...this.attributes, ...attributes };
  }

  fail(code: string): void {
    this.errorCode = code;
  }

  end(): void {
    // Nothing is sent anywhere.
  }

  run<T>(work: () => T): T {
    return work();
  }
}

/** Instruments by name that only add up. */
function countingInto(sums: Record<string, number>): PrimitiveMetrics {
  const instrument = (name: string) => {
    const add = (labels: Readonly<Record<string, string>>, n: number): void => {
      const series = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      const key = `${name}{${series.join(',')}}`;
      sums[key] = (sums[key] ?? 0) + n;
    };
    return {
      inc: (labels: Readonly<Record<string, string>>, n = 1) => add(labels, n),
      dec: (labels: Readonly<Record<string, string>>, n = 1) => add(labels, -n),
      observe: (labels: Readonly<Record<string, string>>) => add(labels, 1),
    };
  };
  // Whatever instrument is asked for counts in the same way.
  return new Proxy({} as PrimitiveMetrics, { get: (_none, name) => instrument(String(name)) });
}
