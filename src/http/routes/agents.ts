import { z } from 'zod';
import {
  AGENT_INCLUDES,
  AgentListing,
  AgentReason,
  AgentStatus,
  AskedOfAgent,
  type AgentInclude,
} from '../../coordination/agents/operations.ts';
import { AgentIdText, AgentType, parseAgentIdText } from '../../coordination/models/agent-id.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoBody, NoQuery } from '../schemas.ts';

/** `type:instance`. */
const OneAgent = z.strictObject({ id: AgentIdText });

const ListQuery = z.strictObject({
  type: AgentType.optional(),
  status: AgentStatus.optional(),
  include: z
    .string()
    .max(200)
    .transform((text, ctx): AgentInclude[] => {
      const parsed = z.array(z.enum(AGENT_INCLUDES)).safeParse(text.split(',').map((word) => word.trim()));
      if (parsed.success) return parsed.data;
      ctx.addIssue({ code: 'custom', message: `expected a list of ${AGENT_INCLUDES.join(', ')}` });
      return z.NEVER;
    })
    .optional(),
});

const Listings = z.strictObject({ items: z.array(AgentListing) }).meta({ id: 'Agents' });

/** Who is there, and what operators do about it. */
export function agentRoutes({ operations }: HttpDeps): Route[] {
  const idOf = ({ id }: z.infer<typeof OneAgent>) => parseAgentIdText(id)!; // the schema has checked it
  const change = {
    method: 'post',
    tag: 'agents',
    access: ['operate'],
    rateClass: 'operate',
    needsAudit: true,
    params: OneAgent,
    query: NoQuery,
  } as const;
  return [
    defineRoute({
      operationId: 'listAgents',
      method: 'get',
      paths: ['/v1/agents', '/agents'],
      tag: 'agents',
      summary: 'List agents, the silent ones included',
      description:
        'Those that are registered, then workers of agents that are not (`registered: false`). `include` is a list of ' +
        'performance (always told), capabilities and discovery.',
      access: ['read'],
      query: ListQuery,
      responses: { 200: { description: 'All agents, by name', schema: Listings } },
      handle: async ({ query: { type, status, include } }) => {
        const items = await operations.listAgents({
          ...(type !== undefined && { type }),
          ...(status !== undefined && { status }),
          ...(include !== undefined && { include }),
        });
        return { status: 200, body: { items } };
      },
    }),
    defineRoute({
      operationId: 'getAgent',
      method: 'get',
      paths: ['/v1/agents/{id}'],
      tag: 'agents',
      summary: 'Read an agent with everything that is known of it',
      description: 'Its id is `type:instance`; the silent ones are known for `agents.record_retention`.',
      access: ['read'],
      params: OneAgent,
      query: NoQuery,
      responses: { 200: { description: 'The agent', schema: AgentListing } },
      handle: async ({ params }) => ({ status: 200, body: await operations.getAgent(idOf(params)) }),
    }),
    defineRoute({
      ...change,
      operationId: 'deregisterAgent',
      method: 'delete',
      paths: ['/v1/agents/{id}'],
      summary: 'Deregister an agent',
      description:
        'Its name is free, and its messages go to others. Should it be alive, it takes no more messages from its next ' +
        'heartbeat on; the jobs of its queue are done all the same.',
      action: 'agent.deregister',
      responses: { 204: { description: 'It is gone' } },
      handle: async ({ params }) => {
        await operations.deregisterAgent(idOf(params));
        return { status: 204 };
      },
    }),
    defineRoute({
      ...change,
      operationId: 'drainAgent',
      paths: ['/v1/agents/{id}/drain'],
      summary: 'Let an agent finish what it has in hand, and take nothing more',
      description: 'Its messages go to others. It stays registered, and works again after a restart.',
      action: 'agent.drain',
      body: AgentReason,
      responses: { 202: { description: 'It is asked to', schema: AskedOfAgent } },
      handle: async ({ params, body, caller }) => ({
        status: 202,
        body: await operations.drainAgent(idOf(params), body, caller),
      }),
    }),
    defineRoute({
      ...change,
      operationId: 'restartAgent',
      paths: ['/v1/agents/{id}/restart'],
      summary: 'Start an agent anew in its process',
      action: 'agent.restart',
      body: AgentReason,
      responses: { 202: { description: 'It is asked to', schema: AskedOfAgent } },
      handle: async ({ params, body, caller }) => ({
        status: 202,
        body: await operations.restartAgent(idOf(params), body, caller),
      }),
    }),
    defineRoute({
      ...change,
      operationId: 'degradeAgent',
      paths: ['/v1/agents/{id}/degrade'],
      summary: 'Route no messages to an agent until that is taken back',
      action: 'agent.degrade',
      body: AgentReason,
      responses: { 202: { description: 'It gets no more', schema: AskedOfAgent } },
      handle: async ({ params, body }) => ({
        status: 202,
        body: await operations.degradeAgent(idOf(params), body),
      }),
    }),
    defineRoute({
      ...change,
      operationId: 'undegradeAgent',
      paths: ['/v1/agents/{id}/undegrade'],
      summary: 'Route messages to an agent again',
      action: 'agent.undegrade',
      body: NoBody,
      responses: { 202: { description: 'It gets messages again', schema: AskedOfAgent } },
      handle: async ({ params }) => ({ status: 202, body: await operations.undegradeAgent(idOf(params)) }),
    }),
  ];
}
