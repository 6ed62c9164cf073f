import { METRIC_CATALOGUE, METRIC_PREFIX } from './metric-catalogue.ts';
import type { Labels, Metrics } from './metrics.ts';

type SinkLabels = Readonly<Record<string, string>>;

/** Metrics by name, for rooms that must not know this one; `MetricsSink` of coordination is of this shape. */
export interface NamedMetrics {
  inc(name: string, labels?: SinkLabels, n?: number): void;
  set(name: string, value: number, labels?: SinkLabels): void;
  observe(name: string, value: number, labels?: SinkLabels): void;
}

export interface AgentMetrics extends NamedMetrics {
  /**
   * Forget what was counted of agents nobody heard of for `idleMs`, so that instances that come and go leave no
   * series behind.
   *
   * @param isKept  whether an agent stays all the same, by its text form
   */
  forgetIdle(nowMs: number, idleMs: number, isKept?: (agent: string) => boolean): void;
}

export interface MetricsSinkOptions {
  /** Gauges that somebody else sets. */
  readonly readElsewhere?: readonly string[];
  readonly now: () => number;
}

interface AnyInstrument {
  inc(labels: Labels<string>, n?: number): void;
  set(labels: Labels<string>, value: number): void;
  observe(labels: Labels<string>, value: number): void;
  remove(labels: Labels<string>): void;
}

interface Remembered {
  seenAt: number;
  /** How to forget each of its series, by name and labels. */
  readonly series: Map<string, () => void>;
}

/**
 * The metrics of the catalogue under the full names that coordination uses.
 * A name that is not in the catalogue throws: whoever counts it must be told.
 */
export function createMetricsSink(
  metrics: Metrics,
  { readElsewhere = [], now }: MetricsSinkOptions,
): AgentMetrics {
  const known = new Set(METRIC_CATALOGUE.map(({ name }) => METRIC_PREFIX + name));
  const agents = new Map<string, Remembered>();

  function instrument(name: string, labels: SinkLabels): AnyInstrument {
    if (!known.has(name)) throw new TypeError(`${name} is not in the catalogue of metrics`);
    // The catalogue says which of the methods an instrument has; the tests compare names and types.
    const found = metrics[name.slice(METRIC_PREFIX.length) as keyof Metrics] as unknown as AnyInstrument;
    const { agent } = labels;
    if (agent !== undefined) remember(agent, `${name} ${JSON.stringify(labels)}`, () => found.remove(labels));
    return found;
  }

  function remember(agent: string, series: string, forget: () => void): void {
    const entry = agents.get(agent) ?? { seenAt: 0, series: new Map<string, () => void>() };
    entry.seenAt = now();
    entry.series.set(series, forget);
    agents.set(agent, entry);
  }

  return {
    inc: (name, labels = {}, n = 1) => instrument(name, labels).inc(labels, n),
    set(name, value, labels = {}) {
      if (!readElsewhere.includes(name)) instrument(name, labels).set(labels, value);
    },
    observe: (name, value, labels = {}) => instrument(name, labels).observe(labels, value),
    forgetIdle(nowMs, idleMs, isKept = () => false) {
      for (const [agent, { seenAt, series }] of agents) {
        if (nowMs - seenAt < idleMs || isKept(agent)) continue;
        for (const forget of series.values()) forget();
        agents.delete(agent);
      }
    },
  };
}
