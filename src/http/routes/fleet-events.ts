import { z } from 'zod';
import { longAgentType } from '../../contracts/agent-type.ts';
import { FLEET_EVENT_TYPES, FleetEvent, type FleetEventFilter } from '../../contracts/fleet-event.ts';
import { AgentIdText, AgentType } from '../../coordination/models/agent-id.ts';
import { cursorScope, type CursorCodec } from '../cursor.ts';
import type { HttpDeps } from '../deps.ts';
import type { HttpLifetime } from '../lifetime.ts';
import { defineRoute, type Reply, type Route, type RouteRequest } from '../route.ts';
import { pageOf, pageQuery, StreamId } from '../schemas.ts';
import { SseStream } from '../sse.ts';
import { connectionLimit, lastEventId, MAX_STREAMS } from './run-events.ts';

const AgentName = AgentIdText.transform((text) => {
  const [type = '', instance] = text.split(':');
  return `${longAgentType(type)}:${instance}`;
});

const Filter = {
  event_types: listOf(z.enum(FLEET_EVENT_TYPES), `a list of ${FLEET_EVENT_TYPES.join(', ')}`),
  agent_types: listOf(AgentType.transform(longAgentType), 'a list of types of agents'),
  agent_ids: listOf(AgentName, 'a list of <type>:<instance>'),
  strict: z.enum(['true', 'false']).optional(),
};
const PageQuery = z.strictObject({ ...pageQuery(500).shape, ...Filter, after: StreamId.optional() });
const StreamQuery = z.strictObject({ ...Filter, last_event_id: StreamId.optional() });
type StreamRequest = RouteRequest<unknown, z.output<typeof StreamQuery>>;

const FILTERS =
  '`event_types`, `agent_types` and `agent_ids` are lists of which one must fit; those of agents say nothing of other ' +
  'events, unless `strict` is true.';

/** What happened to the fleet, as a page or as a stream without an end. */
export function fleetEventRoutes(deps: HttpDeps, cursors: CursorCodec, lifetime: HttpLifetime): Route[] {
  const { operations } = deps;

  async function page({ limit, cursor, after, ...query }: z.output<typeof PageQuery>): Promise<Reply> {
    const filter = filterOf(query);
    const scope = cursorScope('fleet-events', query);
    const place = cursor === undefined ? after : cursors.decode(scope, cursor, StreamId);
    const { items, next } = await operations.listFleetEvents(filter, {
      limit,
      ...(place !== undefined && { after: place }),
    });
    return {
      status: 200,
      body: { items, next_cursor: next === null ? null : cursors.encode(scope, next) },
    };
  }

  async function stream({ req, res, query, signal }: StreamRequest): Promise<Reply> {
    const after = lastEventId(req) ?? query.last_event_id;
    if (lifetime.openStreams >= MAX_STREAMS) throw connectionLimit();
    if (req.method === 'HEAD') {
      res.setHeader('Content-Type', 'text/event-stream');
      res.end();
      return 'handled';
    }
    // Asked before anything is sent, so that a store that is away is a refusal and no broken stream.
    await operations.listFleetEvents({}, { limit: 1 });
    const options = { signal, ...(after !== undefined && { after }) };
    const events = operations.fleetEvents(filterOf(query), options);
    const sse = new SseStream(res);
    const forget = lifetime.addStream(() => sse.end('the server is stopping'));
    try {
      for await (const event of events) {
        const id = event.event_type === 'gap' ? {} : { id: event.event_id };
        if (!(await sse.send({ ...id, event: event.event_type, data: event }, signal))) break;
      }
    } catch (error) {
      if (!signal.aborted) deps.log.warn({ err: error }, 'stream of fleet events ended early');
    } finally {
      forget();
      sse.end();
    }
    return 'handled';
  }

  return [
    defineRoute({
      operationId: 'listFleetEvents',
      method: 'get',
      paths: ['/v1/events'],
      tag: 'events',
      summary: 'Read what happened to the fleet',
      description: `The newest events, or with \`after\` (0: from the first that is kept) those after that one; the oldest of a page first. ${FILTERS}`,
      access: ['read'],
      query: PageQuery,
      responses: { 200: { description: 'A page of events', schema: pageOf(FleetEvent) } },
      handle: ({ query }) => page(query),
    }),
    defineRoute({
      operationId: 'followFleetEvents',
      method: 'get',
      paths: ['/v1/events/stream'],
      tag: 'events',
      summary: 'Follow what happens to the fleet',
      description: `From now on, or with \`Last-Event-ID\` from after that event: each once, and in order. A \`gap\` comes first when some are not kept any more. ${FILTERS}`,
      access: ['read'],
      query: StreamQuery,
      produces: ['text/event-stream'],
      isStream: () => true,
      responses: {
        200: {
          description: 'One FleetEvent per frame, or a gap',
          schema: FleetEvent,
          contentType: 'text/event-stream',
        },
      },
      handle: stream,
    }),
  ];
}

interface FilterQuery {
  readonly event_types?: FleetEventFilter['eventTypes'] | undefined;
  readonly agent_types?: readonly string[] | undefined;
  readonly agent_ids?: readonly string[] | undefined;
  readonly strict?: 'true' | 'false' | undefined;
}

function filterOf({ event_types, agent_types, agent_ids, strict }: FilterQuery): FleetEventFilter {
  return {
    ...(event_types !== undefined && { eventTypes: event_types }),
    ...(agent_types !== undefined && { agentTypes: agent_types }),
    ...(agent_ids !== undefined && { agentIds: agent_ids }),
    strict: strict === 'true',
  };
}

/** Values between commas, each of which the schema accepts. */
function listOf<S extends z.ZodType>(item: S, expected: string) {
  return z
    .string()
    .max(2000)
    .transform((text, ctx): z.output<S>[] => {
      const parsed = z
        .array(item)
        .min(1)
        .max(50)
        .safeParse(text.split(',').map((word) => word.trim()));
      if (parsed.success) return parsed.data;
      ctx.addIssue({ code: 'custom', message: `expected ${expected}, at most 50` });
      return z.NEVER;
    })
    .optional();
}
