import type { Job } from 'bullmq';
import type { StepJobData } from '../contracts/job.ts';
import { isTracing } from '../observability/tracing.ts';
import { parseTraceparent, stepSpanIdOf, traceIdOf, type SpanRef } from '../observability/trace-ids.ts';
import { observeAttempt, type AttemptObserver } from '../primitives/observe/attempt.ts';
import { isLastAttempt, outcomeOfCode } from '../primitives/observe/node-record.ts';
import { runAttributes } from '../primitives/observe/span-attributes.ts';
import { safely } from '../primitives/observe/telemetry.ts';
import type { NodeLabels } from '../primitives/observe/tell-node.ts';
import type { StepNode } from '../primitives/plan/node.ts';
import type { ShellContext } from './shell.ts';

/** What a worker tells of the step it holds. Everything else of the run is told by whoever ends it. */
export interface StepObserver {
  /** The handler is about to be called. */
  attempt(node: StepNode): AttemptObserver;
  /** The result is recorded, by this very delivery. */
  committed(): void;
  /** It failed, and another attempt follows. */
  retrying(error: { readonly code: string; readonly message: string }): void;
  /** It failed for good; `isRecorded` when that is news. */
  failed(error: { readonly code: string; readonly message: string }, isRecorded: boolean): void;
}

export function observeStep(shell: ShellContext, job: Job, { step }: StepJobData): StepObserver {
  const { metrics } = shell;
  const attempt = job.attemptsMade + 1;
  const labels: NodeLabels = {
    kind: 'step',
    primitive: job.name,
    definition: step.workflow,
    engine: 'durable',
  };
  const span = isTracing() ? spanOf(step) : null;
  const fields = {
    correlation_id: step.correlation_id,
    run_id: step.run_id,
    job_id: job.id!,
    queue: job.queueName,
    workflow: step.workflow,
    path: step.path,
    kind: 'step',
    name: job.name,
    attempt,
    ...(span === null ? {} : { trace_id: span.traceId, span_id: span.spanId }),
  };
  let startedAt = Number.NaN;
  const durationMs = (): number => (Number.isNaN(startedAt) ? 0 : performance.now() - startedAt);
  const ended = (outcome: string): void =>
    safely(shell, 'metrics', () => {
      metrics.primitive_executions_total.inc({ ...labels, outcome });
      metrics.primitive_duration_seconds.observe(labels, durationMs() / 1000);
    });
  const log = (level: 'info' | 'warn' | 'error', outcome: string, more: object = {}): void =>
    safely(shell, 'logs', () => {
      const duration = Math.round(durationMs() * 10) / 10;
      shell.log[level]({ ...fields, outcome, duration_ms: duration, ...more }, 'primitive.end');
    });
  return {
    attempt(node) {
      startedAt = performance.now();
      safely(shell, 'logs', () => shell.log.debug(fields, 'primitive.start'));
      safely(shell, 'metrics', () => metrics.primitive_active.inc(labels));
      const observer = observeAttempt({
        telemetry: shell,
        labels,
        node,
        path: step.path,
        attempt,
        ...(span === null ? {} : { span: { parent: span, attributes: attributesOf(job, step) } }),
      });
      let isOver = false;
      return {
        run: (work) => observer.run(work),
        end(error) {
          observer.end(error);
          if (isOver) return;
          isOver = true;
          safely(shell, 'metrics', () => metrics.primitive_active.dec(labels));
        },
      };
    },
    committed() {
      ended('success');
      log('info', 'success');
    },
    retrying({ code, message }) {
      log('warn', outcomeOfCode(code), { error_code: code, reason: message });
    },
    failed({ code, message }, isRecorded) {
      const outcome = outcomeOfCode(code);
      if (isRecorded) {
        ended(outcome);
        safely(shell, 'metrics', () => {
          if (isLastAttempt(job.opts.attempts, attempt))
            metrics.primitive_retries_exhausted_total.inc(labels);
        });
      }
      log('error', outcome, { error_code: code, reason: message });
    },
  };
}

/** The step's own span, which is drawn when the run ends. */
function spanOf(step: StepJobData['step']): SpanRef {
  const outside = parseTraceparent(step.traceparent);
  return {
    traceId: outside?.traceId ?? traceIdOf(step.run_id),
    spanId: stepSpanIdOf(step.run_id, step.path, step.generation),
    isSampled: outside?.isSampled ?? true,
  };
}

function attributesOf(job: Job, step: StepJobData['step']) {
  return {
    ...runAttributes({
      runId: step.run_id,
      correlationId: step.correlation_id,
      definition: step.workflow,
      sessionId: step.session_id,
    }),
    'primitive.name': job.name,
    'messaging.destination.name': job.queueName,
  };
}
