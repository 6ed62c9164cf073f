import { z } from 'zod';
import { ChosenId, IsoTime, SessionIdText } from './identifiers.ts';
import { GoalProgress, SessionMemory } from './memory.ts';
import { RESERVED_WORLD_ID } from './world-view.ts';

const Goals = z.array(z.string().min(1).max(200)).max(10);
const Avoid = z.array(z.string().min(1).max(200)).max(20);

export const TherapeuticContext = z.strictObject({
  goals: Goals.default([]),
  avoid: Avoid.default([]),
});

export const DIFFICULTIES = ['gentle', 'normal', 'challenging'] as const;
export type Difficulty = (typeof DIFFICULTIES)[number];
const Flag = z.union([z.boolean(), z.number(), z.string().max(200)]);
/** Of the flags of one session. */
export const MAX_FLAGS = 50;

export const CreateSession = z
  .strictObject({
    session_id: SessionIdText.optional(),
    user_id: ChosenId.optional(),
    world_id: ChosenId.refine((id) => id !== RESERVED_WORLD_ID, `"${RESERVED_WORLD_ID}" is taken`).optional(),
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
    /** The latest feeling; how it went is in `memory`. */
    emotional_state: z.string().nullable(),
    therapeutic_context: TherapeuticContext.extend({ progress: z.array(GoalProgress) }),
    difficulty: z.enum(DIFFICULTIES),
    flags: z.record(z.string(), Flag),
    metadata: z.record(z.string(), z.unknown()),
    /** Null for whoever may not read what the player said. */
    memory: SessionMemory.nullable(),
  })
  .meta({ id: 'Session' });
export type SessionView = z.infer<typeof SessionView>;

/**
 * What is given replaces what stands; keys of `metadata` and `flags` are merged one by one, and null removes one. It is
 * seen by the turns that begin afterwards.
 */
export const UpdateSession = z
  .strictObject({
    therapeutic_context: z.strictObject({ goals: Goals.optional(), avoid: Avoid.optional() }).optional(),
    difficulty: z.enum(DIFFICULTIES).optional(),
    flags: z.record(z.string().min(1).max(64), Flag.nullable()).optional(),
    metadata: z.record(z.string().min(1).max(128), z.unknown()).optional(),
  })
  .refine((update) => Object.keys(update).length > 0, 'expected at least one of its fields')
  .meta({ id: 'UpdateSession' });
export type UpdateSession = z.infer<typeof UpdateSession>;

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
