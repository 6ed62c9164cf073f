import { z } from 'zod';
import { PlayerText } from './player-text.ts';
import { provenance } from './provenance.ts';
import { StepValidation } from './safety.ts';
import { ShortCircuit } from './support.ts';
import { Direction, EntityId, WorldView } from './world-view.ts';

export const INTENTS = [
  'look',
  'examine',
  'move',
  'take',
  'drop',
  'use',
  'open',
  'close',
  'give',
  'talk_to',
  'ask',
  'attack',
  'express_emotion',
  'rest',
  'wait',
  'continue',
  'inventory',
  'help',
  'status',
  'save',
  'quit',
  'unknown',
] as const;
export const Intent = z.enum(INTENTS);
export type Intent = z.infer<typeof Intent>;

export const EMOTIONS = [
  'calm',
  'anxious',
  'overwhelmed',
  'sad',
  'lonely',
  'angry',
  'afraid',
  'hopeful',
  'ashamed',
  'tired',
  'lost',
  'happy',
  'grateful',
  'confused',
  'numb',
  'guilty',
  'proud',
  'curious',
] as const;
export const Emotion = z.enum(EMOTIONS);
export type Emotion = z.infer<typeof Emotion>;

export const ENTITY_TYPES = ['direction', 'object', 'npc', 'item', 'topic', 'emotion', 'place'] as const;

/**
 * Something the text refers to. `value` is in the player's words (articles dropped), `ref` the id it was
 * resolved to in the view. `start` and `end` are offsets into `normalized_text`, `end` exclusive.
 */
export const IntentEntity = z.strictObject({
  type: z.enum(ENTITY_TYPES),
  value: z.string(),
  ref: EntityId.optional(),
  start: z.int().min(0),
  end: z.int().min(0),
});
export type IntentEntity = z.infer<typeof IntentEntity>;

/** Another reading of the text; `text` is a command the player can send as it stands. */
export const IntentAlternative = z.strictObject({
  intent: Intent,
  confidence: z.number().min(0).max(1),
  text: z.string(),
  ref: EntityId.optional(),
});
export type IntentAlternative = z.infer<typeof IntentAlternative>;

const Shortcuts = {
  direction: Direction.optional(),
  object: z.string().optional(),
  npc: z.string().optional(),
  topic: z.string().optional(),
  emotion: Emotion.optional(),
  instrument: z.string().optional(),
  /** Where the player wants to go, in the player's words. */
  place: z.string().optional(),
};

/** One thing the player wants to do, with everything needed to do it. */
export const IntentAction = z.strictObject({
  intent: Intent,
  confidence: z.number().min(0).max(1),
  /** The player's words for this action. */
  text: z.string(),
  ...Shortcuts,
  object_ref: EntityId.optional(),
  npc_ref: EntityId.optional(),
  instrument_ref: EntityId.optional(),
  place_ref: EntityId.optional(),
  /** The target is missing or could be two things: ask, change nothing. */
  needs_clarification: z.boolean(),
});
export type IntentAction = z.infer<typeof IntentAction>;

export const ROUTED_WORKFLOWS = [
  'input_processing',
  'world_building',
  'narrative_generation',
  'collaborative',
] as const;

export const IpaInput = z.strictObject({
  text: PlayerText,
  view: WorldView.nullish(),
  /** Id or name of what the session spoke of last; "it", "him", "her" and "them" mean this. */
  last_entity: z.string().max(200).nullish(),
});
export type IpaInput = z.infer<typeof IpaInput>;

/**
 * What the player meant. The intent and the shortcuts are those of the first action; `confidence` is that of
 * the least certain action, so one doubtful half makes the line doubtful.
 *
 * Source: spec, workflows 3.1
 */
export const IpaOutput = z.strictObject({
  normalized_text: z.string(),
  intent: Intent,
  confidence: z.number().min(0).max(1),
  entities: z.array(IntentEntity),
  ...Shortcuts,
  actions: z.array(IntentAction).min(1).max(5),
  /** Actions beyond the fifth; they are not carried out. */
  dropped_actions: z.int().min(0),
  alternatives: z.array(IntentAlternative).max(3),
  needs_clarification: z.boolean(),
  routing: z.strictObject({
    workflow: z.enum(ROUTED_WORKFLOWS),
    needs_world: z.boolean(),
    needs_narrative: z.boolean(),
  }),
  /** What the text shows of the one who wrote it. */
  therapeutic_validation: StepValidation.optional(),
  /** The text speaks of a crisis that nobody had answered: the agents after this one do nothing. */
  short_circuit: ShortCircuit.optional(),
  ...provenance,
});
export type IpaOutput = z.infer<typeof IpaOutput>;

/** The id (or, unresolved, the words) of the last thing or person referred to: the next turn's `last_entity`. */
export function lastEntityOf(output: IpaOutput): string | null {
  const last = output.entities.findLast((e) => e.type === 'object' || e.type === 'item' || e.type === 'npc');
  if (last !== undefined) return last.ref ?? last.value;
  // Somebody may be spoken to without being named.
  return output.actions.findLast(({ npc_ref }) => npc_ref !== undefined)?.npc_ref ?? null;
}
