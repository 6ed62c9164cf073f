import { CursorCodec } from './cursor.ts';
import type { HttpDeps } from './deps.ts';
import type { HttpLifetime } from './lifetime.ts';
import { buildOpenApi } from './openapi.ts';
import type { Json } from './openapi-schemas.ts';
import type { Route } from './route.ts';
import { agentRoutes } from './routes/agents.ts';
import { breakerRoutes } from './routes/breakers.ts';
import { bulkDeadLetterRoutes } from './routes/bulk-dead-letters.ts';
import { bulkStartRoutes } from './routes/bulk-start.ts';
import { capabilityRoutes } from './routes/capabilities.ts';
import { changeRunRoutes } from './routes/change-runs.ts';
import { costRoutes } from './routes/costs.ts';
import { deadLetterRoutes } from './routes/dead-letters.ts';
import { definitionRoutes } from './routes/definitions.ts';
import { diagnosticsRoutes } from './routes/diagnostics.ts';
import { documentRoutes } from './routes/documents.ts';
import { escalationRoutes } from './routes/escalations.ts';
import { fleetEventRoutes } from './routes/fleet-events.ts';
import { healthRoutes } from './routes/health.ts';
import { listRunRoutes } from './routes/list-runs.ts';
import { mailboxRoutes } from './routes/mailboxes.ts';
import { messageRoutes } from './routes/messages.ts';
import { playRoutes } from './routes/play.ts';
import { queueRoutes } from './routes/queues.ts';
import { consistencyRoutes } from './routes/consistency.ts';
import { rollbackRoutes } from './routes/rollback.ts';
import { runEventRoutes } from './routes/run-events.ts';
import { runResultRoutes } from './routes/run-result.ts';
import { runRoutes } from './routes/runs.ts';
import { safetyInterventionRoutes } from './routes/safety-interventions.ts';
import { scheduleRoutes } from './routes/schedules.ts';
import { safetyRulesRoutes } from './routes/safety-rules.ts';
import { runTokenRoutes } from './routes/run-tokens.ts';
import { statusRoutes } from './routes/status.ts';
import { sessionCareRoutes } from './routes/session-care.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { worldRoutes } from './routes/worlds.ts';

/** Every operation of the API: the one list that router and documentation are made of. */
export function createRouteTable(deps: HttpDeps, lifetime: HttpLifetime): readonly Route[] {
  const cursors = new CursorCodec(deps.cursorKey);
  let document: Json | undefined;
  const routes: Route[] = [
    ...sessionRoutes(deps, cursors),
    ...worldRoutes(deps, cursors),
    ...sessionCareRoutes(deps),
    ...listRunRoutes(deps, cursors),
    ...runRoutes(deps),
    ...bulkStartRoutes(deps),
    ...changeRunRoutes(deps),
    ...runResultRoutes(deps),
    ...definitionRoutes(deps),
    ...rollbackRoutes(deps),
    ...consistencyRoutes(deps),
    ...runEventRoutes(deps, cursors, lifetime),
    ...scheduleRoutes(deps, cursors),
    ...runTokenRoutes(deps, lifetime),
    ...safetyRulesRoutes(deps),
    ...escalationRoutes(deps, cursors),
    ...agentRoutes(deps),
    ...capabilityRoutes(deps),
    ...diagnosticsRoutes(deps),
    ...fleetEventRoutes(deps, cursors, lifetime),
    ...messageRoutes(deps, cursors),
    ...mailboxRoutes(deps, cursors),
    ...queueRoutes(deps),
    ...breakerRoutes(deps),
    ...costRoutes(deps),
    ...deadLetterRoutes(deps, cursors),
    ...bulkDeadLetterRoutes(deps),
    ...safetyInterventionRoutes(deps, cursors),
    ...statusRoutes(deps),
    ...healthRoutes(deps, lifetime),
    ...playRoutes(),
    ...documentRoutes(() => (document ??= buildOpenApi(routes, deps.version))),
  ];
  return routes;
}
