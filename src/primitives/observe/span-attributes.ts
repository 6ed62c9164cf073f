import type { SpanAttributes } from '../../observability/tracing.ts';
import { isUndo, nodeOutcome, usedAlternative, type NodeRecord } from './node-record.ts';

/** Whose execution it is. */
export interface RunIdentity {
  readonly runId: string;
  readonly correlationId: string;
  /** Name of the definition. */
  readonly definition: string;
  readonly sessionId?: string | undefined;
}

/** On every span of a run. */
export function runAttributes(run: RunIdentity): SpanAttributes {
  return {
    'workflow.id': run.definition,
    'workflow.run_id': run.runId,
    'workflow.correlation_id': run.correlationId,
    'workflow.session_id': run.sessionId,
  };
}

/** Known when a node begins: what it is, and its part in the node around it. */
export function openingAttributes(record: NodeRecord): SpanAttributes {
  return {
    'primitive.name': record.name,
    'primitive.path': record.path,
    ...partIn(record),
    ...(record.isCompensation ? { 'saga.phase': 'compensation' } : {}),
  };
}

/** Known when it ends. */
export function closingAttributes(record: NodeRecord): SpanAttributes {
  const outcome = nodeOutcome(record.outcome);
  return {
    'primitive.status': outcome === 'success' || outcome === 'cancelled' ? outcome : 'error',
    ...choiceOf(record),
  };
}

function partIn(record: NodeRecord): SpanAttributes {
  const { parent, index } = record;
  switch (parent?.node.kind) {
    case 'sequence':
      return { 'step.index': index, 'step.total_steps': parent.node.stages.length };
    case 'parallel':
    case 'each':
      return { 'branch.index': index, 'branch.name': branchName(parent.path, record.path) };
    case 'retry':
      return { 'retry.attempt': index + 1, 'retry.max_attempts': parent.node.policy.maxAttempts };
    case 'fallback':
      return { 'fallback.index': index };
    case 'saga':
      return { 'saga.phase': isUndo(record) ? 'compensation' : 'forward' };
    default:
      return {};
  }
}

function choiceOf(record: NodeRecord): SpanAttributes {
  const { node, branch, reason } = record;
  switch (node.kind) {
    case 'when':
      return branch === undefined ? {} : { 'condition.result': branch === 'then', 'branch.name': branch };
    case 'match':
      return { 'case.key': branch, 'case.name': node.name };
    case 'route':
      return { 'route.key': branch, 'route.reason': reason };
    case 'fallback':
      return { 'fallback.used': usedAlternative(record) > 0 };
    default:
      return {};
  }
}

/** The first part of a branch's path below that of the node that branches. */
function branchName(around: string, path: string): string {
  const below = around === '' ? path : path.slice(around.length + 1);
  return below.split('.', 1)[0] ?? below;
}
