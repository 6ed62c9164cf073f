import { z } from 'zod';
import { AgentIdText } from './agent-id.ts';
import { JsonObject } from './json.ts';

export const AGENT_RUNTIME_STATUSES = ['initializing', 'idle', 'busy', 'error', 'stopped'] as const;
export const AgentRuntimeStatus = z.enum(AGENT_RUNTIME_STATUSES);
export type AgentRuntimeStatus = z.infer<typeof AgentRuntimeStatus>;

/** What an agent is doing. */
export const AgentState = z
  .strictObject({
    agent_id: AgentIdText,
    status: AgentRuntimeStatus.default('idle'),
    current_task: z.string().nullable().default(null),
    metrics: JsonObject.default({}),
  })
  .meta({ id: 'AgentState' });
export type AgentState = z.infer<typeof AgentState>;
