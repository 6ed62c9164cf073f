import { z } from 'zod';
import { AgentIdText } from './agent-id.ts';
import { JsonObject } from './json.ts';

export const AGENT_EVENT_KINDS = [
  'registered',
  'deregistered',
  'superseded',
  'refused',
  'lost',
  'unhealthy',
  'recovered',
  'degraded',
  'undegraded',
  'restarted',
  'restart_failed',
  'restart_denied',
  'restarts_reset',
  'drained',
  'command_dropped',
  'fallback',
  'unserved',
  'state_restored',
  'state_restore_failed',
  'capabilities_changed',
] as const;

/** Something that happened to an agent, in the stream `events:agents`. `details` never hold a payload. */
export const AgentEvent = z
  .strictObject({
    kind: z.enum(AGENT_EVENT_KINDS),
    agent_id: AgentIdText,
    registration_id: z.uuid().nullable().default(null),
    at: z.iso.datetime(),
    details: JsonObject.default({}),
  })
  .meta({ id: 'AgentEvent' });
export type AgentEvent = z.infer<typeof AgentEvent>;
