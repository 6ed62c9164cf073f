import { CursorCodec } from './cursor.ts';
import type { HttpDeps } from './deps.ts';
import type { HttpLifetime } from './lifetime.ts';
import { buildOpenApi } from './openapi.ts';
import type { Json } from './openapi-schemas.ts';
import type { Route } from './route.ts';
import { deadLetterRoutes } from './routes/dead-letters.ts';
import { documentRoutes } from './routes/documents.ts';
import { healthRoutes } from './routes/health.ts';
import { queueRoutes } from './routes/queues.ts';
import { runEventRoutes } from './routes/run-events.ts';
import { runRoutes } from './routes/runs.ts';
import { sessionRoutes } from './routes/sessions.ts';

/** Every operation of the API: the one list that router and documentation are made of. */
export function createRouteTable(deps: HttpDeps, lifetime: HttpLifetime): readonly Route[] {
  const cursors = new CursorCodec(deps.cursorKey);
  let document: Json | undefined;
  const routes: Route[] = [
    ...sessionRoutes(deps, cursors),
    ...runRoutes(deps),
    ...runEventRoutes(deps, cursors, lifetime),
    ...queueRoutes(deps),
    ...deadLetterRoutes(deps, cursors),
    ...healthRoutes(deps, lifetime),
    ...documentRoutes(() => (document ??= buildOpenApi(routes, deps.version))),
  ];
  return routes;
}
