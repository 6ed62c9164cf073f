import type { NodeRecord } from './node-record.ts';
import {
  errorOfRecord,
  isExhausted,
  isOrigin,
  isUndo,
  nodeOutcome,
  undoneStep,
  usedAlternative,
} from './node-record.ts';
import type { Engine, PrimitiveMetrics, Telemetry } from './telemetry.ts';

export interface NodeLabels {
  readonly kind: string;
  readonly primitive: string;
  readonly definition: string;
  readonly engine: Engine;
}

export function labelsOf(record: NodeRecord, definition: string, engine: Engine): NodeLabels {
  return { kind: record.node.kind, primitive: record.name, definition, engine };
}

/** Count a node that has ended. */
export function countNode(metrics: PrimitiveMetrics, record: NodeRecord, labels: NodeLabels): void {
  const outcome = nodeOutcome(record.outcome);
  metrics.primitive_executions_total.inc({ ...labels, outcome });
  metrics.primitive_duration_seconds.observe(labels, (record.endMs - record.startMs) / 1000);
  countChoices(metrics, record, labels);
  countUndo(metrics, record, labels);
}

function countChoices(metrics: PrimitiveMetrics, record: NodeRecord, labels: NodeLabels): void {
  const { kind } = record.node;
  if (record.branch !== undefined && (kind === 'when' || kind === 'match' || kind === 'route')) {
    metrics.primitive_branch_total.inc({ ...labels, branch: record.branch });
  }
  const alternative = usedAlternative(record);
  if (alternative > 0) metrics.primitive_fallback_total.inc({ ...labels, index: String(alternative) });
  if (record.hasExpired) metrics.primitive_timeouts_total.inc({ ...labels, limit: 'deadline' });
  if (isExhausted(record)) metrics.primitive_retries_exhausted_total.inc(labels);
}

/** Only the plan knows that a step is the undo of another one. */
export function countUndo(metrics: PrimitiveMetrics, record: NodeRecord, labels: NodeLabels): void {
  if (!isUndo(record)) return;
  const { definition, engine } = labels;
  const outcome = nodeOutcome(record.outcome);
  metrics.saga_compensations_total.inc({ definition, engine, step: undoneStep(record), outcome });
}

/** One line for a node that has ended: loud where something went wrong, and there only once. */
export function logNode(
  log: NonNullable<Telemetry['log']>,
  record: NodeRecord,
  ids: Readonly<Record<string, unknown>>,
  attempt: number | undefined,
): void {
  const level = levelOf(record);
  if (log.isEnabled?.(level) === false) return;
  const error = errorOfRecord(record);
  const fields = {
    ...ids,
    path: record.path,
    kind: record.node.kind,
    name: record.name,
    ...(attempt === undefined ? {} : { attempt }),
    outcome: nodeOutcome(record.outcome),
    duration_ms: Math.round((record.endMs - record.startMs) * 10) / 10,
    ...(error === null ? {} : { error_code: error.code }),
  };
  log[level](fields, 'primitive.end');
}

function levelOf(record: NodeRecord): 'debug' | 'info' | 'warn' | 'error' {
  const wasGivenUp = nodeOutcome(record.outcome) === 'cancelled';
  if (isOrigin(record) && !wasGivenUp) return 'error';
  const wasTriedAgain = record.node.kind === 'retry' && record.children.length > 1;
  if (wasTriedAgain || record.hasExpired || usedAlternative(record) > 0) return 'warn';
  return record.node.kind === 'step' ? 'info' : 'debug';
}
