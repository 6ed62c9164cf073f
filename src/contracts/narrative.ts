import { z } from 'zod';
import { Intent, IpaOutput } from './intent.ts';
import { provenance } from './provenance.ts';
import { StepValidation } from './safety.ts';
import { DIFFICULTIES } from './session.ts';
import { WbaOutput } from './world.ts';
import { WorldView } from './world-view.ts';

export const TONES = [
  'hopeful',
  'contemplative',
  'adventurous',
  'peaceful',
  'mysterious',
  'neutral',
] as const;
export const Tone = z.enum(TONES);
export type Tone = z.infer<typeof Tone>;

export const THERAPEUTIC_ELEMENTS = [
  'emotional_validation',
  'problem_solving',
  'self_reflection',
  'social_connection',
  'resilience',
] as const;
export const TherapeuticElement = z.enum(THERAPEUTIC_ELEMENTS);
export type TherapeuticElement = z.infer<typeof TherapeuticElement>;

export const DEFAULT_STORY_CHARS = 500;

/** A finished turn as the next one remembers it. */
export const RecentTurn = z.strictObject({
  turn: z.int().min(0),
  text: z.string(),
  intent: Intent,
  response_text: z.string(),
  template_ids: z.array(z.string()).optional(),
});
export type RecentTurn = z.infer<typeof RecentTurn>;

/**
 * Everything a story may be told from. When both are given, the world builder's view is newer than `view`
 * and wins.
 *
 * Source: spec, workflows 3.3
 */
export const NgaInput = z.strictObject({
  player_text: z.string(),
  intent: IpaOutput.nullable(),
  world: WbaOutput.nullable(),
  view: WorldView.nullable(),
  /** Oldest first. */
  recent_turns: z.array(RecentTurn).max(5),
  summary: z.string().nullish(),
  emotional_state: z.string().max(40).nullish(),
  therapeutic_context: z
    .strictObject({
      goals: z.array(z.string().max(200)),
      /** What no story may dwell on. */
      avoid: z.array(z.string().max(200)),
      /** In how many turns each goal was touched so far. */
      progress: z.array(z.strictObject({ goal: z.string().max(200), turns: z.int().min(0) })).optional(),
      /** Left out: normal. */
      difficulty: z.enum(DIFFICULTIES).optional(),
    })
    .nullish(),
  session_id: z.string().nullish(),
  /** Too many stories of this session were withheld: nothing is made up until a person has released it. */
  neutral_only: z.literal(true).optional(),
  turn: z.int().min(0),
  style: z
    .strictObject({
      max_chars: z.int().min(200).max(4000).default(DEFAULT_STORY_CHARS),
      tone: Tone.optional(),
    })
    .optional(),
});
export type NgaInput = z.infer<typeof NgaInput>;

/** A command the player can send as it stands. */
export const Choice = z.strictObject({ text: z.string().min(1), intent: Intent });
export type Choice = z.infer<typeof Choice>;

export const NgaOutput = z.strictObject({
  story: z.string().min(50),
  tone: Tone,
  themes: z.array(z.string()),
  therapeutic_elements: z.array(TherapeuticElement),
  choices: z.array(Choice).min(2).max(4),
  word_count: z.int().min(1),
  /** At 200 words per minute. */
  reading_time_s: z.int().min(1),
  /** What was found in the story that is told; `blocked` when another one was withheld. */
  therapeutic_validation: StepValidation.optional(),
  /** A text that speaks of nothing took the place of the story. */
  blocked: z.literal(true).optional(),
  ...provenance,
  /** The variants used, opening first; handed back in the next turns so that they rest. */
  template_ids: z.array(z.string()),
});
export type NgaOutput = z.infer<typeof NgaOutput>;
