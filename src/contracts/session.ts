import { z } from 'zod';
import { ChosenId, IsoTime, SessionIdText } from './identifiers.ts';

export const TherapeuticContext = z.strictObject({
  goals: z.array(z.string().min(1).max(200)).max(10).default([]),
  avoid: z.array(z.string().min(1).max(200)).max(20).default([]),
});

export const CreateSession = z
  .strictObject({
    session_id: SessionIdText.optional(),
    user_id: ChosenId.optional(),
    world_id: ChosenId.optional(),
    ttl_seconds: z.int().min(60).max(2_592_000).optional(),
    therapeutic_context: TherapeuticContext.optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'CreateSession' });
export type CreateSession = z.input<typeof CreateSession>;

export const SessionView = z
  .strictObject({
    session_id: z.string(),
    user_id: z.string().optional(),
    world_id: z.string(),
    created_at: IsoTime,
    last_activity_at: IsoTime,
    turn: z.int().min(0),
    ttl_seconds: z.int(),
    active_run_id: z.string().nullable(),
    pending_turns: z.int(),
    emotional_state: z.string().nullable(),
    therapeutic_context: TherapeuticContext,
    metadata: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Session' });
export type SessionView = z.infer<typeof SessionView>;

/** One finished turn in a session's history. */
export const TurnRecord = z
  .strictObject({
    turn: z.int().positive(),
    run_id: z.string(),
    text: z.string(),
    intent: z.string(),
    response_text: z.string(),
    tone: z.string().optional(),
    themes: z.array(z.string()).default([]),
    template_ids: z.array(z.string()).default([]),
    at: IsoTime,
  })
  .meta({ id: 'Turn' });
export type TurnRecord = z.infer<typeof TurnRecord>;

/** `deleting`: something of the session is still at work; it goes on by itself, and nobody finds it meanwhile. */
export const DeletedSession = z
  .strictObject({ session_id: z.string(), status: z.enum(['deleted', 'deleting']) })
  .meta({ id: 'DeletedSession' });
export type DeletedSession = z.infer<typeof DeletedSession>;
