import { z } from 'zod';
import { CreateSession, SessionView, TurnRecord } from '../../contracts/session.ts';
import { AcceptedRun, OrchestrationResponse, SubmitTurn } from '../../contracts/turn.ts';
import { assertMetadataSize } from '../body.ts';
import { cursorScope, type CursorCodec } from '../cursor.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoQuery, pageOf, pageQuery, SessionParams } from '../schemas.ts';
import { submissionOf } from '../submission.ts';

const TurnPosition = z.strictObject({ before: z.int() });

/** Sessions, and the turns a player takes in them. */
export function sessionRoutes({ operations, isUrgent }: HttpDeps, cursors: CursorCodec): Route[] {
  return [
    defineRoute({
      operationId: 'createSession',
      method: 'post',
      paths: ['/v1/sessions'],
      tag: 'sessions',
      summary: 'Create a session',
      access: ['user', 'enqueue'],
      rateClass: 'enqueue',
      action: 'session.create',
      query: NoQuery,
      body: CreateSession,
      checkBody: (body) => assertMetadataSize(body.metadata),
      responses: {
        201: { description: 'Created', schema: SessionView, headers: { Location: 'Path of the session' } },
        200: { description: 'An identical session exists already', schema: SessionView },
      },
      handle: async ({ body, caller, runId }) => {
        // A repeated request must name the same session, so its id derives from the claim.
        const chosen = body.session_id ?? (runId && `s_${runId.slice('wf_'.length)}`);
        const request = { ...body, ...(chosen !== undefined && { session_id: chosen }) };
        const { session, created } = await operations.createSession(withoutUndefined(request), caller);
        const headers = { Location: `/v1/sessions/${session.session_id}` };
        return { status: created ? 201 : 200, body: session, headers };
      },
    }),
    defineRoute({
      operationId: 'getSession',
      method: 'get',
      paths: ['/v1/sessions/{session_id}'],
      tag: 'sessions',
      summary: 'Read a session',
      access: ['user', 'enqueue', 'read'],
      params: SessionParams,
      query: NoQuery,
      responses: { 200: { description: 'The session', schema: SessionView } },
      handle: async ({ params, caller }) => ({
        status: 200,
        body: await operations.getSession(params.session_id, caller),
      }),
    }),
    defineRoute({
      operationId: 'submitTurn',
      carriesText: true,
      method: 'post',
      paths: ['/v1/sessions/{session_id}/turns'],
      tag: 'sessions',
      summary: 'Say something in a session',
      description:
        'Waits up to `wait_ms` (or `Prefer: wait=<seconds>`) for the story to go on; a turn that takes longer goes on and is found at `Location`.',
      access: ['user', 'enqueue'],
      rateClass: 'enqueue',
      action: 'turn.submit',
      params: SessionParams,
      query: NoQuery,
      body: SubmitTurn,
      checkBody: (body) => assertMetadataSize(body.metadata),
      urgent: ({ text }) => isUrgent?.(text) === true,
      responses: {
        200: { description: 'The turn ended in time', schema: OrchestrationResponse },
        202: {
          description: 'The turn goes on',
          schema: AcceptedRun,
          headers: { Location: 'Path of the run' },
        },
      },
      handle: async (request) => {
        const submission = submissionOf(request);
        const { params, caller } = request;
        const body = withoutUndefined({ ...request.body, wait_ms: submission.waitMs });
        const { options } = submission;
        return submission.reply(await operations.submitTurn(params.session_id, body, caller, options));
      },
    }),
    defineRoute({
      operationId: 'listTurns',
      method: 'get',
      paths: ['/v1/sessions/{session_id}/turns'],
      tag: 'sessions',
      summary: 'List the finished turns of a session, newest first',
      access: ['user', 'enqueue', 'read'],
      params: SessionParams,
      query: pageQuery(100),
      responses: { 200: { description: 'A page of turns', schema: pageOf(TurnRecord) } },
      handle: async ({ params, query, caller }) => {
        const scope = cursorScope('turns', params);
        const from = query.cursor === undefined ? {} : cursors.decode(scope, query.cursor, TurnPosition);
        const page = { limit: query.limit, ...from };
        const { items, nextBefore } = await operations.listTurns(params.session_id, page, caller);
        const next_cursor = nextBefore === null ? null : cursors.encode(scope, { before: nextBefore });
        return { status: 200, body: { items, next_cursor } };
      },
    }),
  ];
}

/** The contracts' optional fields are absent, never undefined; zod leaves no undefined where a field was absent. */
function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  // Only keys without a value are dropped.
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as never;
}
