import { z } from 'zod';
import { isOpen } from '../../contracts/run.ts';
import { RunToken } from '../../contracts/token.ts';
import type { HttpDeps } from '../deps.ts';
import type { HttpLifetime } from '../lifetime.ts';
import { defineRoute, type Reply, type Route, type RouteRequest } from '../route.ts';
import { RunParams, StreamId } from '../schemas.ts';
import { SseStream } from '../sse.ts';
import { connectionLimit, lastEventId, MAX_STREAMS } from './run-events.ts';

const TokensQuery = z.strictObject({ last_event_id: StreamId.optional() });
type TokensRequest = RouteRequest<z.output<typeof RunParams>, z.output<typeof TokensQuery>>;

const BEGINNING = '0-0';

/** The texts of one run while its steps write them. */
export function runTokenRoutes({ operations, log }: HttpDeps, lifetime: HttpLifetime): Route[] {
  async function stream(request: TokensRequest): Promise<Reply> {
    const { req, res, params, query, caller, signal } = request;
    const after = lastEventId(req) ?? query.last_event_id;
    if (lifetime.openStreams >= MAX_STREAMS) throw connectionLimit();
    const { status } = await operations.getRun(params.run_id, caller);
    const options = { signal, ...(after !== undefined && { after }) };
    const tokens = (await operations.runTokens(params.run_id, options, caller))[Symbol.asyncIterator]();
    // Of an open run the first piece may be long in coming.
    let next = after === undefined || isOpen(status) ? undefined : await tokens.next();
    if (next?.done === true) return { status: 204 };
    if (req.method === 'HEAD') {
      await tokens.return?.();
      res.setHeader('Content-Type', 'text/event-stream');
      res.end();
      return 'handled';
    }
    const sse = new SseStream(res);
    const forget = lifetime.addStream(() => sse.end('the server is stopping'));
    let id = after ?? BEGINNING;
    try {
      for (;;) {
        next ??= await tokens.next();
        if (next.done === true) break;
        ({ id } = next.value);
        if (!(await sse.send({ id, event: 'token', data: next.value }, signal))) break;
        next = undefined;
      }
      if (!signal.aborted) await sse.send({ id, event: 'end', data: { run_id: params.run_id } }, signal);
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error, run_id: params.run_id }, 'token stream ended early');
    } finally {
      await tokens.return?.();
      forget();
      sse.end();
    }
    return 'handled';
  }

  return [
    defineRoute({
      operationId: 'followRunTokens',
      method: 'get',
      paths: ['/v1/workflows/runs/{run_id}/tokens', '/v1/runs/{run_id}/tokens'],
      tag: 'runs',
      summary: 'Follow the texts that the steps of a run write',
      description:
        'Events `token` from the beginning of the run (or after `Last-Event-ID`), and `end` when the run has ended. `seq` counts from 0 for each attempt of a step; a piece with `reset` begins its text anew, the one with `final` ends it. Reconnecting after the last piece of an ended run answers 204.',
      access: ['user', 'enqueue', 'read'],
      params: RunParams,
      query: TokensQuery,
      produces: ['text/event-stream'],
      isStream: () => true,
      responses: {
        200: {
          description: 'One RunToken per frame',
          schema: RunToken,
          contentType: 'text/event-stream',
        },
        204: { description: 'The run has ended and everything was read; do not reconnect' },
      },
      handle: stream,
    }),
  ];
}
