import { openSpan, type OpenSpan, type SpanStart } from '../../observability/tracing.ts';
import type { StepNode, StoredError } from '../plan/node.ts';
import { outcomeOfCode } from './node-record.ts';
import { safely, type Telemetry } from './telemetry.ts';
import type { NodeLabels } from './tell-node.ts';

/** Told of one call of a handler. */
export interface AttemptObserver {
  /** What the handler does belongs to the attempt's span. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** The attempt has its outcome, whatever the handler still does. Only the first time counts. */
  end(error: Pick<StoredError, 'code'> | null): void;
}

/** Told of the calls of one leaf. */
export interface LeafObserver {
  attempt(path: string, attempt: number): AttemptObserver;
}

export interface AttemptOptions {
  readonly telemetry: Telemetry;
  readonly labels: NodeLabels;
  readonly node: Pick<StepNode, 'timeoutMs' | 'retry'>;
  readonly path: string;
  readonly attempt: number;
  /** Left out: nobody records spans. */
  readonly span?: Pick<SpanStart, 'parent' | 'attributes' | 'startMs'>;
  /** Takes what is told of the end of an attempt; left out: it is told at once. */
  readonly later?: { readonly tell: (tell: () => void) => void; readonly now: () => number };
}

/** Counts an attempt, and draws it as a span around the handler. */
export function observeAttempt(options: AttemptOptions): AttemptObserver {
  const { telemetry, labels, node, path, attempt, later } = options;
  const { metrics } = telemetry;
  let isOver = false;
  let span: OpenSpan | undefined;
  safely(telemetry, 'traces', () => {
    span = options.span && openAttempt(telemetry, options.span, node, path, attempt);
  });
  return {
    run(work) {
      const running = span === undefined ? work() : span.run(work);
      const late = (): void => {
        if (isOver) safely(telemetry, 'metrics', () => metrics?.primitive_abandoned_total.inc(labels));
      };
      // Only those that end after their attempt was over count; the caller sees to the others.
      running.then(late, late);
      return running;
    },
    end(error) {
      if (isOver) return;
      isOver = true;
      if (later === undefined) return tellEnd(error);
      const endMs = later.now();
      later.tell(() => tellEnd(error, endMs));
    },
  };

  function tellEnd(error: Pick<StoredError, 'code'> | null, endMs?: number): void {
    const outcome = error === null ? 'success' : outcomeOfCode(error.code);
    safely(telemetry, 'metrics', () => {
      metrics?.primitive_attempts_total.inc({ ...labels, outcome });
      if (error?.code === 'step_timeout') {
        metrics?.primitive_timeouts_total.inc({ ...labels, limit: 'attempt' });
      }
    });
    safely(telemetry, 'traces', () => {
      if (error !== null) span?.fail(error.code);
      span?.end(endMs);
    });
  }
}

function openAttempt(
  { openSpan: open = openSpan }: Telemetry,
  { parent, attributes, startMs }: NonNullable<AttemptOptions['span']>,
  node: AttemptOptions['node'],
  path: string,
  attempt: number,
): OpenSpan {
  return open({
    name: 'primitive.attempt',
    ...(parent === undefined ? {} : { parent }),
    ...(startMs === undefined ? {} : { startMs }),
    attributes: {
      ...attributes,
      'primitive.path': path,
      'retry.attempt': attempt,
      'retry.max_attempts': node.retry?.maxAttempts ?? 1,
    },
  });
}
