import {
  isOpen,
  type RunEvent,
  type RunEventType,
  type RunSummary,
  type RunView,
  type StepView,
} from '../contracts/run.ts';
import { toIso } from '../kernel/clock.ts';
import type { RunFacts, StoredEvent } from '../primitives/durable/read-run.ts';
import type { ListedRun, RunRecord } from '../primitives/durable/run-record.ts';
import { progressOfSteps } from '../primitives/plan/progress.ts';
import { staticLeaves } from '../primitives/plan/leaves.ts';
import type { Catalog } from './catalog/catalog.ts';
import { foldSteps } from './fold-steps.ts';

/** A run as its owner and the operator see it. */
export function viewRun(catalog: Catalog, facts: RunFacts): RunView {
  const { run, events } = facts;
  const definition = catalog.find(run.workflow, run.version);
  const leaves = definition === undefined ? [] : staticLeaves(definition.plan);
  const steps = foldSteps(leaves, events, isOpen(run.status) ? undefined : facts);
  const completed = steps.filter((step) => step.status === 'completed');
  return {
    ...summarizeRun(run),
    progress: progressOf(run, steps),
    completed_steps: completed.map((step) => step.name),
    skipped_steps: steps.filter((step) => step.status === 'skipped').map((step) => step.name),
    steps,
    output: run.output ?? null,
  };
}

/** What a list shows of a run. */
export function summarizeRun(run: ListedRun): RunSummary {
  return {
    run_id: run.run_id,
    workflow: run.workflow,
    version: run.version,
    status: run.status,
    degraded: run.degraded === '1',
    generation: run.generation,
    priority: run.priority,
    ...(run.session_id === undefined ? {} : { session_id: run.session_id }),
    ...(run.called_by === undefined ? {} : { parent_run_id: run.called_by.run_id }),
    correlation_id: run.correlation_id,
    ...(run.submitted_by === undefined ? {} : { submitted_by: run.submitted_by }),
    ...(run.user_id === undefined ? {} : { user_id: run.user_id }),
    ...(run.retry_of === undefined ? {} : { retry_of: run.retry_of }),
    ...(run.delayed_until === undefined ? {} : { delayed_until: toIso(run.delayed_until) }),
    created_at: toIso(run.created_at),
    started_at: run.started_at === undefined ? null : toIso(run.started_at),
    ended_at: run.ended_at === undefined ? null : toIso(run.ended_at),
    deadline_at: run.deadline_at === undefined ? null : toIso(run.deadline_at),
    ...softDeadlineOf(run),
    error: run.error ?? null,
    metadata: run.metadata_now ?? run.metadata ?? {},
    ...(run.rolled_back_to === undefined ? {} : { rolled_back_to: run.rolled_back_to }),
  };
}

function softDeadlineOf(run: ListedRun): Pick<RunSummary, 'soft_deadline_at'> {
  if (run.deadline_at === undefined || run.soft_ms === undefined) return {};
  return { soft_deadline_at: toIso(run.deadline_at - run.timeout_ms + run.soft_ms) };
}

/** 100 only for a completed run; others stay below. */
function progressOf(run: Pick<RunRecord, 'status' | 'progress'>, steps: readonly StepView[]): number {
  if (run.status === 'completed') return 100;
  const leaves = steps.map(({ name, agent }) => ({ path: name, queue: agent }));
  const done = new Set(steps.filter(({ status }) => status === 'completed').map(({ name }) => name));
  return Math.max(
    run.progress ?? 0,
    progressOfSteps(leaves, (path) => done.has(path)),
  );
}

export function viewEvent(runId: string, sessionId: string | undefined, event: StoredEvent): RunEvent {
  const { progress, ...data } = event.data ?? {};
  const reached = event.type === 'run.completed' ? 100 : progress;
  return {
    id: event.id,
    type: event.type as RunEventType,
    run_id: runId,
    ...(sessionId === undefined ? {} : { session_id: sessionId }),
    at: toIso(event.at),
    ...(event.step === '' ? {} : { step: event.step }),
    ...(event.agent === '' ? {} : { agent: event.agent }),
    ...(typeof reached === 'number' ? { progress: reached } : {}),
    ...(event.data === undefined ? {} : { data }),
  };
}

const TERMINAL_EVENTS: ReadonlySet<string> = new Set([
  'run.completed',
  'run.failed',
  'run.cancelled',
  'run.timed_out',
]);

export function isTerminalEvent(type: string): boolean {
  return TERMINAL_EVENTS.has(type);
}
