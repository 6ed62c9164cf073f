import { z } from 'zod';
import { RunStatus, RunSummary } from '../../contracts/run.ts';
import { cursorScope, type CursorCodec } from '../cursor.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { IsoMoment, pageOf, pageQuery } from '../schemas.ts';

const Name = z.string().min(1).max(128);
const RunsQuery = z.strictObject({
  ...pageQuery(100).shape,
  workflow: Name.optional(),
  status: RunStatus.optional(),
  session_id: Name.optional(),
  user_id: Name.optional(),
  since: IsoMoment.optional(),
  until: IsoMoment.optional(),
});
const RunPosition = z.strictObject({ at: z.number(), id: z.string() });

/** Runs as a list. */
export function listRunRoutes({ operations }: HttpDeps, cursors: CursorCodec): Route[] {
  return [
    defineRoute({
      operationId: 'listRuns',
      method: 'get',
      paths: ['/v1/workflows/runs', '/v1/runs'],
      tag: 'runs',
      summary: 'List runs, newest first',
      description:
        'Readers see all runs, others their own. `since` and `until` are about the moment of admission. Under a filter that few runs fit, a page may hold less than `limit` and still have a next one: at most 5,000 runs are looked at for one page.',
      access: ['user', 'enqueue', 'read'],
      query: RunsQuery,
      responses: { 200: { description: 'A page of runs', schema: pageOf(RunSummary) } },
      handle: async ({ query, caller }) => {
        const { limit, cursor, since, until, ...filter } = query;
        const scope = cursorScope('runs', { ...filter, since, until });
        const { items, next } = await operations.listRuns(
          {
            ...filter,
            limit,
            since: since === undefined ? undefined : Date.parse(since),
            until: until === undefined ? undefined : Date.parse(until),
            after: cursor === undefined ? undefined : cursors.decode(scope, cursor, RunPosition),
          },
          caller,
        );
        return {
          status: 200,
          body: { items, next_cursor: next === null ? null : cursors.encode(scope, next) },
        };
      },
    }),
  ];
}
