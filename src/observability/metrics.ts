import {
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
  collectDefaultMetrics,
} from 'prom-client';
import { untilAborted } from '../kernel/abort.ts';
import { assertNever } from '../kernel/errors.ts';
import { DURATION_BUCKETS, METRIC_CATALOGUE, METRIC_PREFIX } from './metric-catalogue.ts';

/** The labels of an instrument, each with a value; a metric without labels takes `{}`. */
export type Labels<L extends string> = Readonly<Record<L, string>>;

export interface Counter<L extends string = never> {
  inc(labels: Labels<L>, n?: number): void;
  /** Forget one series, of something that is gone. */
  remove(labels: Labels<L>): void;
}
export interface Gauge<L extends string = never> {
  set(labels: Labels<L>, value: number): void;
  inc(labels: Labels<L>, n?: number): void;
  dec(labels: Labels<L>, n?: number): void;
  /** Forget every series, for gauges that are read anew at each scrape. */
  clear(): void;
  /** Forget one series. */
  remove(labels: Labels<L>): void;
}
export interface Histogram<L extends string = never> {
  /** Seconds. */
  observe(labels: Labels<L>, value: number): void;
  /** Forget one series. */
  remove(labels: Labels<L>): void;
}

type Spec = (typeof METRIC_CATALOGUE)[number];
type InstrumentOf<S extends Spec> = S['type'] extends 'counter'
  ? Counter<S['labels'][number]>
  : S['type'] extends 'gauge'
    ? Gauge<S['labels'][number]>
    : Histogram<S['labels'][number]>;

/** One instrument per entry of the catalogue, under the entry's name. */
export type Instruments = { readonly [S in Spec as S['name']]: InstrumentOf<S> };

export interface Metrics extends Instruments {
  /** The text of a scrape. Calls of `onScrape` are made first; simultaneous scrapes share one. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
  /**
   * Have `read` called before each scrape, to set gauges that are read rather than counted. What takes longer
   * than a second is left behind; read first, then clear and set without waiting in between.
   *
   * @returns a function that takes it back
   */
  onScrape(read: (signal: AbortSignal) => void | Promise<void>): () => void;
}

export interface MetricsOptions {
  readonly role: string;
  readonly version: string;
  /** Told of a failed read; the scrape answers with the last values. */
  readonly onScrapeError?: (error: unknown) => void;
}

const SCRAPE_READ_LIMIT_MS = 1000;
const MAX_WORKFLOW_NAMES = 50;
/** Over all workflows; a histogram has sixteen series for each. */
const MAX_NODE_NAMES = 500;
/** Labels with names that stand in plans. */
const NODE_NAMES = ['primitive', 'step', 'branch'] as const;
const OTHER = 'other';

/** The metrics of this process, in a registry of their own, with those of Node itself beside them. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const limitNames = createNameLimit();
  const instruments = Object.fromEntries(
    METRIC_CATALOGUE.map((spec) => [spec.name, createInstrument(registry, spec, limitNames)]),
  ) as unknown as Instruments; // the loop makes exactly the mapped type, entry by entry
  instruments.build_info.set(
    { version: options.version, role: options.role, node_version: process.version },
    1,
  );

  const reads = new Set<(signal: AbortSignal) => void | Promise<void>>();
  let scrape: Promise<{ contentType: string; body: string }> | undefined;

  async function readAll(): Promise<void> {
    const signal = AbortSignal.timeout(SCRAPE_READ_LIMIT_MS);
    const work = [...reads].map((read) =>
      untilAborted(
        Promise.resolve().then(() => read(signal)),
        signal,
      ),
    );
    for (const result of await Promise.allSettled(work)) {
      if (result.status === 'rejected') options.onScrapeError?.(result.reason);
    }
  }

  async function scrapeNow() {
    await readAll();
    return { contentType: registry.contentType, body: await registry.metrics() };
  }

  return {
    ...instruments,
    render() {
      scrape ??= scrapeNow().finally(() => (scrape = undefined));
      return scrape;
    },
    onScrape(read) {
      reads.add(read);
      return () => void reads.delete(read);
    },
  };
}

type LimitNames = (labels: Labels<string>) => Labels<string>;

function createInstrument(registry: Registry, spec: Spec, limitNames: LimitNames) {
  const base = {
    name: METRIC_PREFIX + spec.name,
    help: spec.help,
    labelNames: [...spec.labels],
    registers: [registry],
  };
  switch (spec.type) {
    case 'counter': {
      const counter = new PromCounter<string>(base);
      return {
        inc: (labels: Labels<string>, n = 1) => counter.inc(limitNames(labels), n),
        remove: (labels: Labels<string>) => counter.remove(limitNames(labels)),
      };
    }
    case 'gauge': {
      const gauge = new PromGauge<string>(base);
      return {
        set: (labels: Labels<string>, value: number) => gauge.set(limitNames(labels), value),
        inc: (labels: Labels<string>, n = 1) => gauge.inc(limitNames(labels), n),
        dec: (labels: Labels<string>, n = 1) => gauge.dec(limitNames(labels), n),
        clear: () => gauge.reset(),
        remove: (labels: Labels<string>) => gauge.remove(limitNames(labels)),
      };
    }
    case 'histogram': {
      const buckets = 'buckets' in spec ? spec.buckets : DURATION_BUCKETS;
      const histogram = new PromHistogram<string>({ ...base, buckets: [...buckets] });
      return {
        observe: (labels: Labels<string>, value: number) => histogram.observe(limitNames(labels), value),
        remove: (labels: Labels<string>) => histogram.remove(limitNames(labels)),
      };
    }
    default:
      return assertNever(spec, 'metric type');
  }
}

/** Names of workflows and of their nodes come from users: the first so many are kept, later ones count as `other`. */
function createNameLimit(): LimitNames {
  const nodesOf = new Map<string, Set<string>>();
  let nodes = 0;
  const keptWorkflow = (name: string): Set<string> | undefined => {
    const known = nodesOf.get(name);
    if (known !== undefined || nodesOf.size >= MAX_WORKFLOW_NAMES) return known;
    const none = new Set<string>();
    nodesOf.set(name, none);
    return none;
  };
  const isKeptNode = (known: Set<string> | undefined, name: string): boolean => {
    if (known === undefined) return false;
    if (known.has(name)) return true;
    if (nodes >= MAX_NODE_NAMES) return false;
    nodes += 1;
    known.add(name);
    return true;
  };
  return (labels) => {
    const { workflow, definition } = labels;
    if (workflow !== undefined) {
      return keptWorkflow(workflow) === undefined ? { ...labels, workflow: OTHER } : labels;
    }
    if (definition === undefined) return labels;
    const known = keptWorkflow(definition);
    let limited = known === undefined ? { ...labels, definition: OTHER } : labels;
    for (const own of NODE_NAMES) {
      const name = labels[own];
      if (name !== undefined && !isKeptNode(known, name)) limited = { ...limited, [own]: OTHER };
    }
    return limited;
  };
}
