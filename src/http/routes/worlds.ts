import { z } from 'zod';
import { SessionWorld, WorldVersion } from '../../contracts/world-history.ts';
import { cursorScope, type CursorCodec } from '../cursor.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { pageOf, pageQuery, queryNumber, SessionParams } from '../schemas.ts';

const WorldQuery = z.strictObject({
  version: queryNumber(0, Number.MAX_SAFE_INTEGER).optional(),
  full: z.enum(['true', 'false']).default('false'),
});
const VersionPosition = z.strictObject({ before: z.int() });

/** The world a session plays in: as it is, as it was, and how it came to be so. */
export function worldRoutes({ operations }: HttpDeps, cursors: CursorCodec): Route[] {
  return [
    defineRoute({
      operationId: 'getWorld',
      method: 'get',
      paths: ['/v1/sessions/{session_id}/world'],
      tag: 'sessions',
      summary: 'Read the world of a session',
      description:
        'What the player can see, with `full=true` all of it (owner and operators), with `version` as it was then: 410 when that is no longer kept. `If-None-Match` spares what has not changed.',
      access: ['user', 'enqueue', 'read'],
      params: SessionParams,
      query: WorldQuery,
      responses: {
        200: {
          description: 'The world',
          schema: SessionWorld,
          headers: { ETag: 'Changes with the version' },
        },
        304: { description: 'The world is as the caller knows it', headers: { ETag: 'As it was sent' } },
      },
      handle: async ({ params, query: { version, full }, caller, req }) => {
        const question = { full: full === 'true', ...(version === undefined ? {} : { version }) };
        const world = await operations.getWorld(params.session_id, question, caller);
        const headers = { ETag: tagOf(world), 'Cache-Control': 'private, no-cache' };
        if (isKnown(headers.ETag, req.headers['if-none-match'])) return { status: 304, headers };
        return { status: 200, body: world, headers };
      },
    }),
    defineRoute({
      operationId: 'listWorldVersions',
      method: 'get',
      paths: ['/v1/sessions/{session_id}/world/history'],
      tag: 'sessions',
      summary: 'List the versions of the world of a session, newest first',
      description: 'The newest 500 patches are kept: which step of which run made them, when, and by what.',
      access: ['user', 'enqueue', 'read'],
      params: SessionParams,
      query: pageQuery(100),
      responses: { 200: { description: 'A page of versions', schema: pageOf(WorldVersion) } },
      handle: async ({ params, query, caller }) => {
        const scope = cursorScope('world-history', params);
        const from = query.cursor === undefined ? {} : cursors.decode(scope, query.cursor, VersionPosition);
        const page = { limit: query.limit, ...from };
        const { items, nextBefore } = await operations.listWorldVersions(params.session_id, page, caller);
        const next_cursor = nextBefore === null ? null : cursors.encode(scope, { before: nextBefore });
        return { status: 200, body: { items, next_cursor } };
      },
    }),
  ];
}

/** The time tells a world from one that began anew under the same id. */
function tagOf({ version, current_version: current, updated_at: at, world }: SessionWorld): string {
  const parts = [version, current, Date.parse(at).toString(36), world === undefined ? 'view' : 'full'];
  return `"${parts.join('-')}"`;
}

/** RFC 9110: a list of tags, weak ones count; `*` is any. */
function isKnown(tag: string, header: string | undefined): boolean {
  const known = (header ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''));
  return known.includes(tag) || known.includes('*');
}
