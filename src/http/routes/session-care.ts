import { DeletedSession, SessionView, UpdateSession } from '../../contracts/session.ts';
import { SessionExport } from '../../contracts/session-export.ts';
import { assertMetadataSize } from '../body.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoQuery, SessionParams } from '../schemas.ts';

/** What a person may ask of a session beside playing: change it, take it along, have it deleted. */
export function sessionCareRoutes({ operations }: HttpDeps): Route[] {
  return [
    defineRoute({
      operationId: 'updateSession',
      method: 'patch',
      paths: ['/v1/sessions/{session_id}'],
      tag: 'sessions',
      summary: 'Change what a session is set to',
      description:
        'Goals and what is to be avoided replace what stands; keys of `metadata` and `flags` are merged one by one, and null removes one. Turns that begin afterwards see it.',
      access: ['user', 'enqueue', 'operate'],
      rateClass: 'enqueue',
      action: 'session.update',
      params: SessionParams,
      query: NoQuery,
      body: UpdateSession,
      checkBody: (body) => assertMetadataSize(body.metadata),
      responses: { 200: { description: 'The session', schema: SessionView } },
      handle: async ({ params, body, caller }) => ({
        status: 200,
        body: await operations.updateSession(params.session_id, body, caller),
      }),
    }),
    defineRoute({
      operationId: 'exportSession',
      method: 'get',
      paths: ['/v1/sessions/{session_id}/export'],
      tag: 'sessions',
      summary: 'Take along everything that is kept of a session',
      description:
        'For its owner and for administrators: the session with its memory, its turns, its world and its runs, as one document.',
      access: ['user', 'enqueue', 'admin'],
      params: SessionParams,
      query: NoQuery,
      responses: { 200: { description: 'All of it', schema: SessionExport } },
      handle: async ({ params, caller }) => ({
        status: 200,
        body: await operations.exportSession(params.session_id, caller),
      }),
    }),
    defineRoute({
      operationId: 'deleteSession',
      method: 'delete',
      paths: ['/v1/sessions/{session_id}'],
      tag: 'sessions',
      summary: 'Delete a session and everything that was kept because of it',
      description:
        'For its owner and for administrators. What is at work is cancelled; the session is found by nobody from here on. Safe to repeat until it is answered 204 or 404.',
      access: ['user', 'enqueue', 'admin'],
      rateClass: 'enqueue',
      action: 'session.delete',
      params: SessionParams,
      query: NoQuery,
      responses: {
        204: { description: 'Nothing of it is left' },
        202: { description: 'Something is still at work; the rest goes by itself', schema: DeletedSession },
      },
      handle: async ({ params, caller }) => {
        const deleted = await operations.deleteSession(params.session_id, caller);
        return deleted.status === 'deleted' ? { status: 204 } : { status: 202, body: deleted };
      },
    }),
  ];
}
