import type { Request } from 'express';
import { z } from 'zod';
import { RunEvent } from '../../contracts/run.ts';
import { FleetError } from '../../kernel/errors.ts';
import { cursorScope, type CursorCodec } from '../cursor.ts';
import type { HttpDeps } from '../deps.ts';
import type { HttpLifetime } from '../lifetime.ts';
import { defineRoute, type Reply, type Route, type RouteRequest } from '../route.ts';
import { pageOf, queryNumber, RunParams, StreamId } from '../schemas.ts';
import { SseStream } from '../sse.ts';
import { parseInput } from '../validate.ts';

export const MAX_STREAMS = 1000;

const EventsQuery = z.strictObject({
  after: StreamId.optional(),
  last_event_id: StreamId.optional(),
  limit: queryNumber(1, 500).default(50),
  cursor: z.string().min(1).max(2000).optional(),
});
type EventsRequest = RouteRequest<z.output<typeof RunParams>, z.output<typeof EventsQuery>>;

/** The events of one run, as a page or as a stream that ends with the run. */
export function runEventRoutes(deps: HttpDeps, cursors: CursorCodec, lifetime: HttpLifetime): Route[] {
  const { operations } = deps;

  async function page(request: EventsRequest): Promise<Reply> {
    const { params, query, caller } = request;
    const scope = cursorScope('run-events', params);
    const after = query.cursor === undefined ? query.after : cursors.decode(scope, query.cursor, StreamId);
    const { items, ended } = await operations.listRunEvents(
      params.run_id,
      { limit: query.limit, ...(after !== undefined && { after }) },
      caller,
    );
    const last = items.at(-1)?.id ?? after;
    const next_cursor = !ended && last !== undefined ? cursors.encode(scope, last) : null;
    return { status: 200, body: { items, next_cursor } };
  }

  async function stream(request: EventsRequest): Promise<Reply> {
    const { req, res, params, query, caller, signal } = request;
    const after = lastEventId(req) ?? query.last_event_id ?? query.after;
    if (lifetime.openStreams >= MAX_STREAMS) throw connectionLimit();
    const position = after === undefined ? {} : { after };
    const rest = await operations.listRunEvents(params.run_id, { limit: 1, ...position }, caller);
    if (after !== undefined && rest.ended && rest.items.length === 0) return { status: 204 };
    if (req.method === 'HEAD') {
      res.setHeader('Content-Type', 'text/event-stream');
      res.end();
      return 'handled';
    }
    const sse = new SseStream(res);
    const forget = lifetime.addStream(() => sse.end('the server is stopping'));
    try {
      for await (const event of operations.runEvents(params.run_id, { signal, ...position }, caller)) {
        if (!(await sse.send({ id: event.id, event: event.type, data: event }, signal))) break;
      }
    } catch (error) {
      if (!signal.aborted) deps.log.warn({ err: error, run_id: params.run_id }, 'event stream ended early');
    } finally {
      forget();
      sse.end();
    }
    return 'handled';
  }

  return [
    defineRoute({
      operationId: 'listRunEvents',
      method: 'get',
      paths: ['/v1/workflows/runs/{run_id}/events', '/v1/runs/{run_id}/events'],
      tag: 'runs',
      summary: 'Read or follow the events of a run',
      description:
        'A JSON page, or with `Accept: text/event-stream` a stream that begins at the start of the run (or after `Last-Event-ID`) and ends after its terminal event. Reconnecting with the id of the terminal event answers 204.',
      access: ['user', 'enqueue', 'read'],
      params: RunParams,
      query: EventsQuery,
      produces: ['application/json', 'text/event-stream'],
      isStream: wantsStream,
      responses: {
        200: {
          description: 'A page of events; as text/event-stream: one RunEvent per frame',
          schema: pageOf(RunEvent),
        },
        204: { description: 'The stream has ended; do not reconnect' },
      },
      handle: (request) => (wantsStream(request.req) ? stream(request) : page(request)),
    }),
  ];
}

function wantsStream(req: Request): boolean {
  return req.accepts(['application/json', 'text/event-stream']) === 'text/event-stream';
}

/** Errors: validation_failed. */
export function lastEventId(req: Request): string | undefined {
  const header = req.get('last-event-id');
  if (header === undefined || header === '') return undefined;
  return parseInput(z.strictObject({ 'Last-Event-ID': StreamId }), { 'Last-Event-ID': header }, 'header')[
    'Last-Event-ID'
  ];
}

export function connectionLimit(): FleetError {
  return new FleetError({
    code: 'connection_limit',
    kind: 'unavailable',
    message: `this process serves ${MAX_STREAMS} event streams already`,
  });
}
