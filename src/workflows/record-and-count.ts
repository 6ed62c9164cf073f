import { recordDecisions, type Decisions } from '../primitives/durable/record-decisions.ts';
import { routingOf } from '../primitives/router/routing.ts';
import type { WorkflowContext } from './context.ts';

/** Unusual, but the run goes on: somebody may want to know. */
const WARNINGS: ReadonlySet<string> = new Set([
  'unknown_route',
  'selector_error',
  'ineligible_route',
  'no_tier',
]);

/** Record decisions, and count the choices of routers among them: once, by whoever recorded them. */
export async function recordAndCount(ctx: WorkflowContext, decisions: Decisions): Promise<void> {
  const recorded = new Set(await recordDecisions(ctx.store, decisions));
  for (const { key, value } of decisions.decide) {
    const routing = recorded.has(key) ? routingOf(key, value) : null;
    if (routing === null) continue;
    const { router, route, reason } = routing;
    ctx.metrics.router_decisions_total.inc({ router, route, reason });
    if (WARNINGS.has(reason)) {
      ctx.log.warn(
        { workflow_id: decisions.runId, router, route, reason },
        'a router did not choose as asked',
      );
    }
  }
}
