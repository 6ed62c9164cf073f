import { z } from 'zod';
import { ChannelName, Escalation } from '../../contracts/escalation.ts';
import { CrisisLevel } from '../../contracts/safety.ts';
import {
  AcknowledgedEscalation,
  AcknowledgeEscalation,
  ChannelTest,
  ResolveEscalation,
  SafetyConsoleEntry,
  TestChannel,
} from '../../contracts/safety-operations/escalations.ts';
import { ACK_PAGE, ACK_PAGE_POLICY } from '../ack-page.ts';
import { cursorScope, type CursorCodec } from '../cursor.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoQuery, pageOf, pageQuery, queryNumber, StreamId } from '../schemas.ts';

const EscalationParams = z.strictObject({ escalation_id: z.string().regex(/^[A-Za-z0-9-]{1,96}$/) });
const EscalationQuery = z.strictObject({
  ...pageQuery(200).shape,
  status: z.enum(['pending', 'acknowledged', 'resolved', 'failed']).optional(),
  level: CrisisLevel.optional(),
});
const Position = z.strictObject({ at: z.number(), id: z.string() });
const AlertQuery = z.strictObject({ limit: queryNumber(1, 500).default(50), after: StreamId.optional() });
const Alerts = z.strictObject({ items: z.array(SafetyConsoleEntry) });
const ChannelParams = z.strictObject({ channel: ChannelName });

/** The calls to people: look, acknowledge, resolve; the console, and the test of a channel. */
export function escalationRoutes({ operations }: HttpDeps, cursors: CursorCodec): Route[] {
  return [
    defineRoute({
      operationId: 'listEscalations',
      method: 'get',
      paths: ['/v1/safety/escalations'],
      tag: 'safety',
      summary: 'List the calls to people, newest first',
      access: ['admin'],
      rateClass: 'admin',
      query: EscalationQuery,
      responses: { 200: { description: 'A page of escalations', schema: pageOf(Escalation) } },
      handle: async ({ query: { limit, cursor, status, level } }) => {
        const scope = cursorScope('escalations', { status, level });
        const items = await operations.listEscalations({
          limit,
          ...(status !== undefined && { status }),
          ...(level !== undefined && { level }),
          ...(cursor !== undefined && { after: cursors.decode(scope, cursor, Position) }),
        });
        const last = items.length >= limit ? items.at(-1) : undefined;
        const next_cursor =
          last === undefined
            ? null
            : cursors.encode(scope, { at: Date.parse(last.created_at), id: last.escalation_id });
        return { status: 200, body: { items, next_cursor } };
      },
    }),
    defineRoute({
      operationId: 'getEscalation',
      method: 'get',
      paths: ['/v1/safety/escalations/{escalation_id}'],
      tag: 'safety',
      summary: 'Read a call to people',
      access: ['admin'],
      rateClass: 'admin',
      params: EscalationParams,
      query: NoQuery,
      responses: { 200: { description: 'The escalation', schema: Escalation } },
      handle: async ({ params }) => ({
        status: 200,
        body: await operations.getEscalation(params.escalation_id),
      }),
    }),
    defineRoute({
      operationId: 'acknowledgeEscalation',
      method: 'post',
      paths: ['/v1/safety/escalations/{escalation_id}/acknowledge'],
      tag: 'safety',
      summary: 'Take an escalation: nobody else is called',
      description:
        'With the role `admin`, or with the `token` of the present page, which is good for this alone and until the next tier is called. The same person again changes nothing; another one is told who has it in `already_acknowledged_by`.',
      access: 'optional',
      rateClass: 'admin',
      action: 'safety.escalation.acknowledge',
      params: EscalationParams,
      query: NoQuery,
      body: AcknowledgeEscalation,
      responses: { 200: { description: 'The escalation as it is now', schema: AcknowledgedEscalation } },
      handle: async ({ params, body, caller }) => ({
        status: 200,
        body: await operations.acknowledgeEscalation(params.escalation_id, body, caller),
      }),
    }),
    defineRoute({
      operationId: 'resolveEscalation',
      method: 'post',
      paths: ['/v1/safety/escalations/{escalation_id}/resolve'],
      tag: 'safety',
      summary: 'End an escalation for good',
      access: ['admin'],
      rateClass: 'admin',
      action: 'safety.escalation.resolve',
      needsAudit: true,
      params: EscalationParams,
      query: NoQuery,
      body: ResolveEscalation,
      responses: { 200: { description: 'The escalation as it is now', schema: Escalation } },
      handle: async ({ params, body, caller }) => ({
        status: 200,
        body: await operations.resolveEscalation(params.escalation_id, body, caller),
      }),
    }),
    defineRoute({
      operationId: 'getAcknowledgePage',
      method: 'get',
      paths: ['/v1/safety/acknowledge'],
      tag: 'safety',
      summary: 'The page behind the link of a page to people',
      description: 'Opening it changes nothing; its button acknowledges.',
      access: 'public',
      query: NoQuery,
      produces: ['text/html'],
      responses: { 200: { description: 'The page', schema: z.string(), contentType: 'text/html' } },
      handle: ({ res }) => {
        res.set({ 'Content-Security-Policy': ACK_PAGE_POLICY, 'Referrer-Policy': 'no-referrer' });
        return { status: 200, text: ACK_PAGE, contentType: 'text/html; charset=utf-8' };
      },
    }),
    defineRoute({
      operationId: 'listSafetyAlerts',
      method: 'get',
      paths: ['/v1/safety/alerts'],
      tag: 'safety',
      summary: 'Read the console: pages and alerts, oldest first',
      description: 'Those after the entry `after`, else the newest.',
      access: ['admin'],
      rateClass: 'admin',
      query: AlertQuery,
      responses: { 200: { description: 'Entries', schema: Alerts } },
      handle: async ({ query: { limit, after } }) => ({
        status: 200,
        body: {
          items: await operations.listSafetyAlerts({ limit, ...(after === undefined ? {} : { after }) }),
        },
      }),
    }),
    defineRoute({
      operationId: 'testSafetyChannel',
      method: 'post',
      paths: ['/v1/safety/channels/{channel}/test'],
      tag: 'safety',
      summary: 'Send a test over a channel to people',
      description: 'It says that it is a test. `skipped`: the channel is not set up.',
      access: ['admin'],
      rateClass: 'admin',
      action: 'safety.channel.test',
      needsAudit: true,
      params: ChannelParams,
      query: NoQuery,
      body: TestChannel,
      responses: { 200: { description: 'What came of it', schema: ChannelTest } },
      handle: async ({ params, body }) => ({
        status: 200,
        body: await operations.testChannel(params.channel, body),
      }),
    }),
  ];
}
