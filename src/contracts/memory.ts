import { z } from 'zod';

const Name = z.string().max(80);
const TurnNumber = z.int().positive();

/** What happened in some turns that followed one another. Of the player's words only topics are in it. */
export const Episode = z.strictObject({
  from: TurnNumber,
  to: TurnNumber,
  places: z.array(Name),
  doings: z.array(Name),
  people: z.array(Name),
  topics: z.array(Name),
  feelings: z.array(Name),
});
export type Episode = z.infer<typeof Episode>;

export const FEELING_TRENDS = ['improving', 'steady', 'worsening'] as const;

/** Something seen or met: in how many turns, and when last. */
const Acquaintance = z.strictObject({
  id: Name,
  name: Name,
  turns: z.int().positive(),
  last_turn: TurnNumber,
});

/** Something that was begun and not ended: a topic that was raised, or a hard feeling nothing followed. */
export const Thread = z.strictObject({
  kind: z.enum(['topic', 'feeling']),
  about: Name,
  with: Name.optional(),
  turn: TurnNumber,
});
export type Thread = z.infer<typeof Thread>;

export const GoalProgress = z.strictObject({
  goal: z.string().max(200),
  /** In how many turns it was touched. */
  turns: z.int().min(0),
  last_turn: z.int().min(0),
});
export type GoalProgress = z.infer<typeof GoalProgress>;

/** What a session remembers of all its turns. Every list is bounded; what falls out of one is in an episode. */
export const StoredMemory = z.strictObject({
  /** Oldest first; they do not overlap. */
  episodes: z.array(Episode),
  feelings: z.array(z.strictObject({ turn: TurnNumber, feeling: Name })),
  people: z.array(Acquaintance),
  places: z.array(Acquaintance),
  themes: z.array(z.strictObject({ name: Name, turns: z.int().positive(), last_turn: TurnNumber })),
  threads: z.array(Thread),
  goals: z.array(GoalProgress),
});
export type StoredMemory = z.infer<typeof StoredMemory>;

/** The same as a person reads it. */
export const SessionMemory = StoredMemory.omit({ episodes: true, goals: true })
  .extend({
    summary: z.string(),
    /** Of the last six feelings; null until there are two. */
    trend: z.enum(FEELING_TRENDS).nullable(),
  })
  .meta({ id: 'SessionMemory' });
export type SessionMemory = z.infer<typeof SessionMemory>;
