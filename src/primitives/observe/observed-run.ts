import {
  isTracing,
  openSpan,
  openSpanLater,
  playerAttributes,
  type OpenSpan,
  type SpanStart,
} from '../../observability/tracing.ts';
import type { TimerClock } from '../in-process/timer-clock.ts';
import { observeAttempt, type AttemptObserver, type LeafObserver } from './attempt.ts';
import { Later } from './later.ts';
import { errorOfRecord, isLeaf, nodeOutcome, type NodeRecord } from './node-record.ts';
import { NodeTrail } from './node-trail.ts';
import { closingAttributes, openingAttributes, runAttributes, type RunIdentity } from './span-attributes.ts';
import { safely, type Telemetry } from './telemetry.ts';
import { countNode, labelsOf, logNode } from './tell-node.ts';

export interface ObserveOptions {
  readonly telemetry?: Telemetry;
  readonly definition?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly clock?: TimerClock;
}

const STATUS = {
  success: 'completed',
  error: 'failed',
  timeout: 'timed_out',
  cancelled: 'cancelled',
} as const;

const backlog = new Later();

/** Tells of a run in this process while it happens: nodes open and close as the core comes to them. */
export interface ObservedRun extends LeafObserver {
  readonly trail: NodeTrail;
  /** The run is over; what is still open was given up. */
  finish(): void;
}

/** @returns undefined when nobody wants to know */
export function observeRun(
  options: ObserveOptions,
  ids: Pick<RunIdentity, 'runId' | 'correlationId'>,
): ObservedRun | undefined {
  const tracing = options.telemetry?.openSpan !== undefined || isTracing();
  if (options.telemetry === undefined && !tracing) return undefined;
  return new LiveRun(options, ids, tracing);
}

class LiveRun implements ObservedRun {
  readonly trail: NodeTrail;
  readonly #telemetry: Telemetry & Required<Pick<Telemetry, 'openSpan'>>;
  readonly #run: RunIdentity;
  readonly #attributes: ReturnType<typeof runAttributes>;
  readonly #now: () => number;
  readonly #leaves = new Map<string, NodeRecord>();
  readonly #attempts = new Map<string, number>();
  readonly #spans = new Map<NodeRecord, OpenSpan>();
  readonly #later: (tell: () => void) => void;
  #runSpan: OpenSpan | undefined;

  constructor(options: ObserveOptions, ids: Pick<RunIdentity, 'runId' | 'correlationId'>, tracing: boolean) {
    const { telemetry = {}, metadata = {}, clock } = options;
    const { workflow = 'unnamed', session_id: sessionId } = metadata;
    const open = telemetry.openSpan ?? openSpan;
    const openLater = (start: SpanStart): OpenSpan => openSpanLater(start, this.#later);
    this.#telemetry = { ...telemetry, openSpan: telemetry.openSpan ?? openLater };
    this.#later = telemetry.isPrompt === true ? (tell) => tell() : (tell) => backlog.push(tell);
    this.#run = {
      ...ids,
      definition: options.definition ?? String(workflow),
      ...(typeof sessionId === 'string' ? { sessionId } : {}),
    };
    this.#attributes = runAttributes(this.#run);
    this.#now = clock === undefined ? preciseNow : () => clock.now();
    if (tracing) {
      safely(telemetry, 'traces', () => {
        const attributes = { ...this.#attributes, 'workflow.engine': 'in_process', ...playerOf(metadata) };
        this.#runSpan = open({ name: 'workflow.run', startMs: this.#now(), attributes });
      });
    }
    this.trail = new NodeTrail(this.#now, {
      opened: (record) => this.#opened(record),
      closed: (record) => this.#later(() => this.#tellClosed(record)),
    });
  }

  attempt(path: string, attempt: number): AttemptObserver {
    const record = this.#leaves.get(path);
    this.#attempts.set(path, attempt);
    const node = record?.node.kind === 'step' ? record.node : {};
    const parent = record && this.#spans.get(record);
    return observeAttempt({
      telemetry: this.#telemetry,
      labels: {
        kind: 'step',
        primitive: record?.name ?? path,
        definition: this.#run.definition,
        engine: 'in_process',
      },
      node,
      path,
      attempt,
      later: { tell: this.#later, now: this.#now },
      ...(parent === undefined
        ? {}
        : { span: { parent, attributes: this.#attributes, startMs: this.#now() } }),
    });
  }

  finish(): void {
    this.trail.finish();
    const { root } = this.trail;
    const endMs = this.#now();
    this.#later(() =>
      safely(this.#telemetry, 'traces', () => {
        const error = root && errorOfRecord(root);
        if (error) this.#runSpan?.fail(error.code);
        this.#runSpan?.set({ 'workflow.status': STATUS[root ? nodeOutcome(root.outcome) : 'error'] });
        this.#runSpan?.end(endMs);
      }),
    );
  }

  #opened(record: NodeRecord): void {
    if (isLeaf(record)) this.#leaves.set(record.path, record);
    if (this.#runSpan !== undefined) {
      safely(this.#telemetry, 'traces', () => {
        const parent = record.parent === null ? this.#runSpan : this.#spans.get(record.parent);
        const attributes = { ...this.#attributes, ...openingAttributes(record) };
        const name = `primitive.${record.node.kind}`;
        this.#spans.set(
          record,
          this.#telemetry.openSpan({ name, attributes, startMs: record.startMs, parent: parent ?? null }),
        );
      });
    }
    this.#later(() => this.#tellOpened(record));
  }

  #tellOpened(record: NodeRecord): void {
    const { log, metrics } = this.#telemetry;
    safely(this.#telemetry, 'metrics', () => metrics?.primitive_active.inc(this.#labels(record)));
    safely(this.#telemetry, 'logs', () => {
      if (log === undefined || log.isEnabled?.('debug') === false) return;
      const { path, name, node } = record;
      log.debug({ ...this.#ids(record), path, kind: node.kind, name }, 'primitive.start');
    });
  }

  #tellClosed(record: NodeRecord): void {
    const { log, metrics } = this.#telemetry;
    safely(this.#telemetry, 'metrics', () => {
      if (metrics === undefined) return;
      const labels = this.#labels(record);
      metrics.primitive_active.dec(labels);
      countNode(metrics, record, labels);
    });
    safely(this.#telemetry, 'logs', () => {
      if (log !== undefined) logNode(log, record, this.#ids(record), this.#attempts.get(record.path));
    });
    safely(this.#telemetry, 'traces', () => {
      const span = this.#spans.get(record);
      if (span === undefined) return;
      const error = errorOfRecord(record);
      span.set(closingAttributes(record));
      if (error !== null) span.fail(error.code);
      span.end(record.endMs);
    });
  }

  #labels(record: NodeRecord) {
    return labelsOf(record, this.#run.definition, 'in_process');
  }

  #ids(record: NodeRecord) {
    const { runId, correlationId, definition } = this.#run;
    return {
      correlation_id: correlationId,
      run_id: runId,
      workflow: definition,
      ...this.#spans.get(record)?.ids,
    };
  }
}

function playerOf({ player_id: id }: Readonly<Record<string, unknown>>) {
  return playerAttributes(typeof id === 'string' ? id : undefined);
}

/** Finer than the clock of the wall, and going on like it. */
function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}
