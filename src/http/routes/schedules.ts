import { z } from 'zod';
import { Schedule, ScheduleName, ScheduleView, type PutSchedule } from '../../contracts/schedule.ts';
import { assertInputSize, assertMetadataSize } from '../body.ts';
import { cursorScope, type CursorCodec } from '../cursor.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoQuery, pageOf, pageQuery } from '../schemas.ts';

const ScheduleParams = z.strictObject({ name: ScheduleName });

/** Runs that are started again and again. */
export function scheduleRoutes({ operations }: HttpDeps, cursors: CursorCodec): Route[] {
  return [
    defineRoute({
      operationId: 'listSchedules',
      method: 'get',
      paths: ['/v1/schedules'],
      tag: 'schedules',
      summary: 'List schedules by name',
      access: ['read'],
      query: pageQuery(100),
      responses: { 200: { description: 'A page of schedules', schema: pageOf(ScheduleView) } },
      handle: async ({ query: { limit, cursor } }) => {
        const scope = cursorScope('schedules', {});
        const after = cursor === undefined ? '' : cursors.decode(scope, cursor, z.string());
        const rest = (await operations.listSchedules()).filter(({ name }) => name > after);
        const items = rest.slice(0, limit);
        const next_cursor = rest.length > limit ? cursors.encode(scope, items.at(-1)!.name) : null;
        return { status: 200, body: { items, next_cursor } };
      },
    }),
    defineRoute({
      operationId: 'getSchedule',
      method: 'get',
      paths: ['/v1/schedules/{name}'],
      tag: 'schedules',
      summary: 'Read a schedule, with its next run and what it did last',
      access: ['read'],
      params: ScheduleParams,
      query: NoQuery,
      responses: { 200: { description: 'The schedule', schema: ScheduleView } },
      handle: async ({ params }) => ({ status: 200, body: await operations.getSchedule(params.name) }),
    }),
    defineRoute({
      operationId: 'putSchedule',
      method: 'put',
      paths: ['/v1/schedules/{name}'],
      tag: 'schedules',
      summary: 'Create a schedule, or put another in its place',
      description:
        'Exactly one of `cron` and `every_ms`. Putting the same schedule again changes nothing. A moment at which no worker runs is made up for once, late; others are missed.',
      access: ['operate'],
      rateClass: 'operate',
      action: 'schedule.put',
      needsAudit: true,
      params: ScheduleParams,
      query: NoQuery,
      body: Schedule,
      checkBody: (body) => {
        assertInputSize(body.input);
        assertMetadataSize(body.metadata);
      },
      responses: {
        200: { description: 'Changed, or the same already', schema: ScheduleView },
        201: { description: 'Created', schema: ScheduleView },
      },
      handle: async ({ params, body, caller }) => {
        // zod leaves no undefined where a field was absent.
        const request = body as PutSchedule;
        const { schedule, created } = await operations.putSchedule(params.name, request, caller);
        return { status: created ? 201 : 200, body: schedule };
      },
    }),
    defineRoute({
      operationId: 'deleteSchedule',
      method: 'delete',
      paths: ['/v1/schedules/{name}'],
      tag: 'schedules',
      summary: 'Delete a schedule; runs that it started go on',
      access: ['operate'],
      rateClass: 'operate',
      action: 'schedule.delete',
      needsAudit: true,
      params: ScheduleParams,
      query: NoQuery,
      responses: { 204: { description: 'Deleted' } },
      handle: async ({ params, caller }) => {
        await operations.deleteSchedule(params.name, caller);
        return { status: 204 };
      },
    }),
  ];
}
