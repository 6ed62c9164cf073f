import { tellFinishedRun } from '../primitives/observe/finished-run.ts';
import { NodeTrail } from '../primitives/observe/node-trail.ts';
import { safely } from '../primitives/observe/telemetry.ts';
import { leafTimes, placeInTime, resumedAt } from '../primitives/observe/timeline.ts';
import type { WorkflowContext } from './context.ts';
import { derive } from './derive.ts';
import type { Ending } from './end-run.ts';

/**
 * Metrics, spans and log lines of the nodes of a run that has just ended. Its structure exists only as what follows
 * from its facts, so the plan is walked once more, and the times come from its events.
 */
export function tellRun(ctx: WorkflowContext, { facts, status, error, degradation, nowMs }: Ending): void {
  if (facts === undefined) return;
  // A plan that cannot be walked any more must not keep its run from ending.
  safely(ctx, 'metrics', () => {
    const { run, events } = facts;
    const definition = ctx.catalog.find(run.workflow, run.version);
    if (definition === undefined) return;
    const trail = new NodeTrail(() => nowMs);
    derive(definition, facts, nowMs, trail);
    const { root } = trail;
    if (root === null) return;
    const times = leafTimes(events);
    const startMs = run.started_at ?? run.created_at;
    placeInTime(root, times, { startMs, endMs: nowMs });
    tellFinishedRun(ctx, {
      identity: {
        runId: run.run_id,
        correlationId: run.correlation_id,
        definition: run.workflow,
        sessionId: run.session_id,
      },
      traceparent: run.traceparent,
      playerId: run.user_id,
      root,
      times,
      status,
      errorCode: error?.code,
      isDegraded: (degradation?.level ?? 0) > 0,
      startMs: run.created_at,
      endMs: nowMs,
      sinceMs: resumedAt(events),
    });
  });
}
