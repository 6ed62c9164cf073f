import { z } from 'zod';
import { Intervention } from '../../contracts/intervention.ts';
import {
  ForgottenPlayer,
  InterventionQuery,
  ReleasedSession,
  ResolveIntervention,
} from '../../contracts/safety-operations/interventions.ts';
import { SafetyDashboard, SafetyReport } from '../../contracts/safety-operations/reports.ts';
import { reportCsv } from '../../safety/report/csv.ts';
import { cursorScope, type CursorCodec } from '../cursor.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoBody, NoQuery, pageQuery, queryNumber, SessionParams } from '../schemas.ts';

const ListQuery = z.strictObject({ ...pageQuery(200).shape, ...InterventionQuery.shape });
const Position = z.strictObject({ at: z.number(), id: z.string() });
const InterventionParams = z.strictObject({ intervention_id: z.string().min(1).max(64) });
const UserParams = z.strictObject({ user_id: z.string().min(1).max(128) });
const ReportQuery = z.strictObject({
  hours: queryNumber(1, 720).default(24),
  format: z.enum(['json', 'csv']).default('json'),
});
const InterventionPage = z
  .strictObject({
    items: z.array(Intervention),
    next_cursor: z.string().nullable(),
    unreadable: z.array(z.string()),
  })
  .meta({ id: 'InterventionPage' });

/** What people do for players at risk, and what they see of it. */
export function safetyInterventionRoutes({ operations }: HttpDeps, cursors: CursorCodec): Route[] {
  return [
    defineRoute({
      operationId: 'listInterventions',
      method: 'get',
      paths: ['/v1/safety/interventions'],
      tag: 'safety',
      summary: 'List interventions, newest first',
      description: 'Open and closed ones. `unreadable` names records that stand there and cannot be read.',
      access: ['admin'],
      query: ListQuery,
      responses: { 200: { description: 'A page of interventions', schema: InterventionPage } },
      handle: async ({ query, caller }) => {
        const { limit, cursor, state, level } = query;
        const scope = cursorScope('interventions', { state, level });
        const { items, next, unreadable } = await operations.listInterventions(
          {
            limit,
            state,
            level,
            ...(cursor === undefined ? {} : { after: cursors.decode(scope, cursor, Position) }),
          },
          caller,
        );
        const next_cursor = next === null ? null : cursors.encode(scope, next);
        return { status: 200, body: { items, next_cursor, unreadable } };
      },
    }),
    defineRoute({
      operationId: 'getIntervention',
      method: 'get',
      paths: ['/v1/safety/interventions/{intervention_id}'],
      tag: 'safety',
      summary: 'Read an intervention',
      access: ['admin'],
      params: InterventionParams,
      query: NoQuery,
      responses: { 200: { description: 'The intervention', schema: Intervention } },
      handle: async ({ params, caller }) => ({
        status: 200,
        body: await operations.getIntervention(params.intervention_id, caller),
      }),
    }),
    defineRoute({
      operationId: 'resolveIntervention',
      method: 'post',
      paths: ['/v1/safety/interventions/{intervention_id}/resolve'],
      tag: 'safety',
      summary: 'Close an intervention',
      description: 'By a person, with what came of it. One that is closed stays as it is (409).',
      access: ['admin'],
      rateClass: 'operate',
      action: 'safety.resolve',
      needsAudit: true,
      params: InterventionParams,
      query: NoQuery,
      body: ResolveIntervention,
      responses: { 200: { description: 'The closed intervention', schema: Intervention } },
      handle: async ({ params, body, caller }) => ({
        status: 200,
        body: await operations.resolveIntervention(params.intervention_id, body, caller),
      }),
    }),
    defineRoute({
      operationId: 'releaseSession',
      method: 'post',
      paths: ['/v1/safety/sessions/{session_id}/release'],
      tag: 'safety',
      summary: 'Let a session that is held play on',
      access: ['admin'],
      rateClass: 'operate',
      action: 'safety.release',
      needsAudit: true,
      params: SessionParams,
      query: NoQuery,
      body: NoBody,
      responses: { 200: { description: 'Whether it was held', schema: ReleasedSession } },
      handle: async ({ params, caller }) => ({
        status: 200,
        body: await operations.releaseSession(params.session_id, caller),
      }),
    }),
    defineRoute({
      operationId: 'forgetPlayer',
      method: 'delete',
      paths: ['/v1/safety/users/{user_id}'],
      tag: 'safety',
      summary: 'Forget what is remembered of a player',
      description:
        'Their history goes, and their name from closed interventions. Open ones stay for people to work on.',
      access: ['admin'],
      rateClass: 'operate',
      action: 'safety.forget_user',
      needsAudit: true,
      params: UserParams,
      query: NoQuery,
      responses: { 200: { description: 'What was forgotten', schema: ForgottenPlayer } },
      handle: async ({ params, caller }) => ({
        status: 200,
        body: await operations.forgetPlayer(params.user_id, caller),
      }),
    }),
    defineRoute({
      operationId: 'getSafetyDashboard',
      method: 'get',
      paths: ['/v1/safety/dashboard'],
      tag: 'safety',
      summary: 'How the safety of players is doing',
      description: 'Every figure is computed from what was recorded; what is not known is null.',
      access: ['admin'],
      query: NoQuery,
      responses: { 200: { description: 'The dashboard', schema: SafetyDashboard } },
      handle: async ({ caller }) => ({
        status: 200,
        body: await operations.safetyDashboard(caller),
      }),
    }),
    defineRoute({
      operationId: 'getSafetyReport',
      method: 'get',
      paths: ['/v1/safety/report'],
      tag: 'safety',
      summary: 'Figures of the last hours, with what they recommend',
      access: ['admin'],
      produces: ['application/json', 'text/csv'],
      query: ReportQuery,
      responses: {
        200: { description: 'The report; with `format=csv` as lines of text', schema: SafetyReport },
      },
      handle: async ({ query: { hours, format }, caller }) => {
        const document = await operations.safetyReport(hours, caller);
        if (format === 'json') return { status: 200, body: document };
        return { status: 200, text: reportCsv(document), contentType: 'text/csv; charset=utf-8' };
      },
    }),
  ];
}
