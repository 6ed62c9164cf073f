import { z } from 'zod';
import { JsonObject } from './json.ts';

/** What an agent knows of the conversation it is part of. */
export const AgentContext = z
  .strictObject({
    user_id: z.string().nullable().default(null),
    session_id: z.string().nullable().default(null),
    last_agent: z.string().nullable().default(null),
    memory: JsonObject.default({}),
    world_state: JsonObject.default({}),
    metadata: JsonObject.default({}),
  })
  .meta({ id: 'AgentContext' });
export type AgentContext = z.infer<typeof AgentContext>;

export const SessionContext = z
  .strictObject({
    session_id: z.string().min(1).max(128),
    user_id: z.string().nullable().default(null),
    created_at: z.iso.datetime({ offset: true }),
    context: AgentContext,
  })
  .meta({ id: 'AgentSessionContext' });
export type SessionContext = z.infer<typeof SessionContext>;
