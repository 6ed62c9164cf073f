import { toFleetError } from '../kernel/errors.ts';
import { EARLY, noteEarlyWarning, type EarlyWarning } from '../primitives/durable/early-warning.ts';
import type { ShellContext } from './shell.ts';

/** A warning that is due so long after the handler is called, unless it has ended by then. */
export interface DueWarning {
  readonly afterMs: number;
  readonly warning: EarlyWarning;
}

/** The time limits an attempt of a step runs under, as it begins. */
export interface AttemptLimits {
  readonly runId: string;
  readonly step: string;
  readonly agent: string;
  /** What the step itself may take. */
  readonly stepMs: number;
  /** After this it is cut short, whatever limit that comes from. */
  readonly cutMs: number;
  /** The run's own time; null where it does not count. */
  readonly run: { readonly leftMs: number; readonly limitMs: number } | null;
}

/**
 * What an attempt may come to warn of: only limits of which three quarters pass while it runs. What had passed before
 * is the watchdog's.
 */
export function dueWarnings({ runId, step, agent, stepMs, cutMs, run }: AttemptLimits): DueWarning[] {
  const due: DueWarning[] = [];
  const stepAfterMs = stepMs * EARLY;
  if (stepAfterMs < cutMs) {
    const warning = { runId, scope: 'step', step, agent, elapsedMs: stepAfterMs, limitMs: stepMs } as const;
    due.push({ afterMs: stepAfterMs, warning });
  }
  const runAfterMs = run === null ? 0 : run.leftMs - run.limitMs * (1 - EARLY);
  if (run !== null && runAfterMs > 0 && runAfterMs < cutMs) {
    const elapsedMs = run.limitMs * EARLY;
    const warning = { runId, scope: 'run', step: '', agent: '', elapsedMs, limitMs: run.limitMs } as const;
    due.push({ afterMs: runAfterMs, warning });
  }
  return due;
}

/**
 * Warn while a handler runs. An attempt that ends in time costs a timer and no round trip.
 * @returns stops it
 */
export function warnEarly(shell: ShellContext, due: readonly DueWarning[]): () => void {
  const timers = due.map(({ afterMs, warning }) =>
    setTimeout(() => void warn(shell, warning), afterMs).unref(),
  );
  return () => {
    for (const timer of timers) clearTimeout(timer);
  };
}

async function warn(shell: ShellContext, warning: EarlyWarning): Promise<void> {
  const { runId, scope, step } = warning;
  try {
    const at = { nowMs: shell.clock.now(), keepSeconds: shell.historySeconds };
    if (!(await noteEarlyWarning(shell.store, warning, at))) return;
    shell.metrics.workflow_early_warnings_total.inc({ scope });
    shell.log.warn(
      { workflow_id: runId, scope, step, limit_ms: warning.limitMs },
      'most of the time has passed',
    );
  } catch (error) {
    // The watchdog warns of runs too, and a step has its limit in any case.
    shell.log.debug({ workflow_id: runId, reason: toFleetError(error).message }, 'an early warning was lost');
  }
}
