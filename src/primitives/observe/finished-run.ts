import {
  isTracing,
  openSpan,
  playerAttributes,
  type OpenSpan,
  type SpanAttributes,
} from '../../observability/tracing.ts';
import { parseTraceparent, stepSpanIdOf, traceIdOf } from '../../observability/trace-ids.ts';
import { errorOfRecord, isLeaf, type NodeRecord } from './node-record.ts';
import { closingAttributes, openingAttributes, runAttributes, type RunIdentity } from './span-attributes.ts';
import { safely, type Telemetry } from './telemetry.ts';
import { countNode, countUndo, labelsOf, logNode } from './tell-node.ts';
import type { LeafTimes } from './timeline.ts';

/** A durable run that has just ended, drawn from its facts. */
export interface FinishedRun {
  readonly identity: RunIdentity;
  /** Of the caller who asked for the run. */
  readonly traceparent: string | undefined;
  readonly playerId: string | undefined;
  readonly root: NodeRecord;
  readonly times: ReadonlyMap<string, LeafTimes>;
  readonly status: string;
  readonly errorCode: string | undefined;
  readonly isDegraded: boolean;
  readonly startMs: number;
  readonly endMs: number;
  /** What ended before was told at an earlier end of the run. */
  readonly sinceMs: number;
}

/**
 * Tell of everything in a durable run but the attempts of its steps, of which their workers have told. Whoever
 * settles the run calls it, so it happens once.
 */
export function tellFinishedRun(telemetry: Telemetry, run: FinishedRun): void {
  const records = newRecords(run);
  safely(telemetry, 'metrics', () => countRun(telemetry, run, records));
  if (isTracing()) safely(telemetry, 'traces', () => drawRun(run));
  safely(telemetry, 'logs', () => logRun(telemetry, run, records));
}

function countRun({ metrics }: Telemetry, run: FinishedRun, records: readonly NodeRecord[]): void {
  if (metrics === undefined) return;
  for (const record of records) {
    const labels = labelsOf(record, run.identity.definition, 'durable');
    if (isToldByWorker(record)) countUndo(metrics, record, labels);
    else countNode(metrics, record, labels);
  }
}

function logRun({ log }: Telemetry, run: FinishedRun, records: readonly NodeRecord[]): void {
  if (log === undefined) return;
  const { correlationId, runId, definition } = run.identity;
  const ids = { correlation_id: correlationId, run_id: runId, workflow: definition };
  for (const record of records) if (!isToldByWorker(record)) logNode(log, record, ids, undefined);
}

function drawRun(run: FinishedRun): void {
  const attributes = runAttributes(run.identity);
  const outside = parseTraceparent(run.traceparent);
  const runSpan = openSpan({
    name: 'workflow.run',
    startMs: run.startMs,
    parent: outside,
    ...(outside === null ? { traceId: traceIdOf(run.identity.runId) } : {}),
    attributes: {
      ...attributes,
      'workflow.engine': 'durable',
      'workflow.status': run.status,
      'workflow.degraded': run.isDegraded,
      ...playerAttributes(run.playerId),
    },
  });
  drawNode(run, run.root, runSpan, attributes);
  if (run.errorCode !== undefined) runSpan.fail(run.errorCode);
  runSpan.end(run.endMs);
}

function drawNode(run: FinishedRun, record: NodeRecord, parent: OpenSpan, attributes: SpanAttributes): void {
  if (record.endMs < run.sinceMs) return;
  const generation = run.times.get(record.path)?.generation ?? 0;
  const span = openSpan({
    name: `primitive.${record.node.kind}`,
    parent,
    startMs: record.startMs,
    ...(isLeaf(record) ? { spanId: stepSpanIdOf(run.identity.runId, record.path, generation) } : {}),
    attributes: { ...attributes, ...openingAttributes(record), ...closingAttributes(record) },
  });
  for (const child of record.children) drawNode(run, child, span, attributes);
  const error = errorOfRecord(record);
  if (error !== null) span.fail(error.code);
  span.end(record.endMs);
}

/** Inner nodes first. */
function newRecords(run: FinishedRun): NodeRecord[] {
  const records: NodeRecord[] = [];
  const collect = (record: NodeRecord): void => {
    record.children.forEach(collect);
    if (record.endMs >= run.sinceMs) records.push(record);
  };
  collect(run.root);
  return records;
}

/** A worker writes its attempts with what it commits or gives up; whoever else ends a leaf knows of none. */
function isToldByWorker(record: NodeRecord): boolean {
  return isLeaf(record) && (record.outcome.state === 'done' || errorOfRecord(record)?.attempts !== undefined);
}
