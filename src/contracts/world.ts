import { z } from 'zod';
import { IpaOutput } from './intent.ts';
import { provenance } from './provenance.ts';
import { StepValidation } from './safety.ts';
import {
  Direction,
  EntityAliases,
  EntityDescription,
  EntityId,
  EntityName,
  UNEXPLORED,
  WorldView,
} from './world-view.ts';

// The view lives in its own file because intent.ts needs it and this file needs intent.ts.
export { Direction, EntityId, UNEXPLORED, WorldView };

export const WORLD_SCHEMA_VERSION = 1;
export const MAX_WORLD_FACTS = 200;
export const MAX_WORLD_EVENTS = 50;

const Mood = z.string().min(1).max(40);
const Theme = z.string().min(1).max(40);

export const FlagValue = z.union([z.boolean(), z.number(), z.string().max(200)]);
export type FlagValue = z.infer<typeof FlagValue>;

export const WorldLocation = z.strictObject({
  name: EntityName,
  aliases: EntityAliases,
  description: EntityDescription,
  theme: Theme,
  mood: Mood,
  /** Direction to location id, or to `unexplored`. */
  exits: z.partialRecord(Direction, EntityId),
  objects: z.array(EntityId),
  npcs: z.array(EntityId),
});
export type WorldLocation = z.infer<typeof WorldLocation>;

export const WorldObject = z.strictObject({
  name: EntityName,
  aliases: EntityAliases,
  description: EntityDescription,
  use_text: EntityDescription,
  portable: z.boolean(),
  openable: z.boolean(),
  open: z.boolean(),
});
export type WorldObject = z.infer<typeof WorldObject>;

export const WorldNpc = z.strictObject({
  name: EntityName,
  aliases: EntityAliases,
  description: EntityDescription,
  mood: Mood,
  disposition: z.number().min(-1).max(1),
  met: z.boolean(),
  facts: z.array(z.string().max(400)).max(50),
  /** What the player gave this person. */
  carries: z.array(EntityId),
});
export type WorldNpc = z.infer<typeof WorldNpc>;

/** One accepted, player-visible operation, for the record; never player text. */
export const WorldEvent = z.strictObject({
  turn: z.int().min(0),
  at: z.string(),
  op: z.string(),
  summary: z.string().max(300),
});
export type WorldEvent = z.infer<typeof WorldEvent>;

/**
 * A whole world. `version` counts accepted patches, `turn` those that moved the story on.
 *
 * Source: spec, workflows 3.2
 */
export const World = z.strictObject({
  world_id: z.string().min(1).max(130),
  schema_version: z.literal(WORLD_SCHEMA_VERSION),
  version: z.int().min(0),
  seed: z.string().min(1),
  turn: z.int().min(0),
  created_at: z.string(),
  updated_at: z.string(),
  player: z.strictObject({
    location_id: EntityId,
    came_from: EntityId.nullable(),
    inventory: z.array(EntityId),
    visited: z.array(EntityId),
    flags: z.record(EntityId, FlagValue),
  }),
  locations: z.record(EntityId, WorldLocation),
  objects: z.record(EntityId, WorldObject),
  npcs: z.record(EntityId, WorldNpc),
  facts: z.array(z.string().max(400)).max(MAX_WORLD_FACTS),
  events: z.array(WorldEvent).max(MAX_WORLD_EVENTS),
});
export type World = z.infer<typeof World>;

/** An id, or a name or alias as a player would say it. */
const EntityRef = z.string().min(1).max(200);
const ObjectOp = { object: EntityRef };
const Fact = z.string().min(1).max(400);

export const WorldOperation = z.discriminatedUnion('op', [
  z
    .strictObject({ op: z.literal('move_player'), direction: Direction.optional(), to: EntityRef.optional() })
    .refine((move) => (move.direction === undefined) !== (move.to === undefined), {
      message: 'move_player needs exactly one of "direction" and "to"',
    }),
  z.strictObject({ op: z.literal('take'), ...ObjectOp }),
  z.strictObject({ op: z.literal('drop'), ...ObjectOp }),
  z.strictObject({ op: z.literal('use'), ...ObjectOp, on: EntityRef.optional() }),
  z.strictObject({ op: z.literal('open'), ...ObjectOp }),
  z.strictObject({ op: z.literal('close'), ...ObjectOp }),
  z.strictObject({ op: z.literal('give'), ...ObjectOp, npc: EntityRef }),
  /** Of a person, or without `npc` of the present location. */
  z.strictObject({ op: z.literal('set_mood'), mood: Mood, npc: EntityRef.optional() }),
  /** `in_person`: the player must stand before the person, and the two have met from then on. */
  z.strictObject({
    op: z.literal('adjust_disposition'),
    npc: EntityRef,
    delta: z.number().min(-1).max(1),
    in_person: z.boolean().optional(),
  }),
  z.strictObject({ op: z.literal('set_flag'), flag: EntityId, value: FlagValue }),
  /** Something that is true of the world, or with `npc` something that person knows. */
  z.strictObject({ op: z.literal('add_fact'), text: Fact, npc: EntityRef.optional() }),
  z.strictObject({
    op: z.literal('add_location'),
    id: EntityId.refine((id) => id !== UNEXPLORED, { message: `"${UNEXPLORED}" is not a place` }),
    name: EntityName,
    aliases: EntityAliases.optional(),
    description: EntityDescription,
    theme: Theme,
    mood: Mood,
  }),
  /** One way; add a second link for the way back. `to` may be `unexplored`. */
  z.strictObject({ op: z.literal('link'), from: EntityRef, direction: Direction, to: EntityRef }),
  z.strictObject({
    op: z.literal('add_object'),
    id: EntityId,
    name: EntityName,
    aliases: EntityAliases.optional(),
    description: EntityDescription,
    use_text: EntityDescription.optional(),
    portable: z.boolean().optional(),
    openable: z.boolean().optional(),
    location: EntityRef.optional(),
  }),
  z.strictObject({
    op: z.literal('add_npc'),
    id: EntityId,
    name: EntityName,
    aliases: EntityAliases.optional(),
    description: EntityDescription,
    mood: Mood,
    location: EntityRef.optional(),
  }),
  z.strictObject({ op: z.literal('advance_turn') }),
]);
export type WorldOperation = z.infer<typeof WorldOperation>;
export type WorldOp = WorldOperation['op'];

/** The operations a player can notice; `advance_turn` only counts. */
export const VISIBLE_OPS = [
  'move_player',
  'take',
  'drop',
  'use',
  'open',
  'close',
  'give',
  'set_mood',
  'adjust_disposition',
  'set_flag',
  'add_fact',
  'add_location',
  'link',
  'add_object',
  'add_npc',
] as const satisfies readonly WorldOp[];
export type VisibleOp = (typeof VISIBLE_OPS)[number];

export const REJECTION_CODES = [
  'no_exit',
  'not_here',
  'not_portable',
  'not_carried',
  'already_carried',
  'closed',
  'unknown_entity',
  /** Present, but not for this: talking to a fountain, opening a stream. */
  'not_suitable',
  'already_open',
  'already_closed',
  'already_exists',
  /** Its words may not stand in a world. */
  'content_blocked',
] as const;
export type RejectionCode = (typeof REJECTION_CODES)[number];

/** What an accepted operation did, with the names a narrator needs. `index` is its place in the request. */
export const AppliedOperation = z.strictObject({
  index: z.int().min(0),
  op: z.enum(VISIBLE_OPS),
  direction: Direction.optional(),
  to_id: EntityId.optional(),
  to_name: EntityName.optional(),
  first_visit: z.boolean().optional(),
  /** The place did not exist before this step into the unknown. */
  discovered: z.boolean().optional(),
  object_id: EntityId.optional(),
  object_name: EntityName.optional(),
  npc_id: EntityId.optional(),
  npc_name: EntityName.optional(),
  first_meeting: z.boolean().optional(),
  delta: z.number().optional(),
  disposition: z.number().optional(),
  mood: z.string().optional(),
  flag: EntityId.optional(),
  text: z.string().optional(),
});
export type AppliedOperation = z.infer<typeof AppliedOperation>;

/** Why an operation was refused: a result for the narrator, not an error. */
export const RejectedOperation = z.strictObject({
  index: z.int().min(0),
  op: z.enum(VISIBLE_OPS),
  code: z.enum(REJECTION_CODES),
  message: z.string(),
  /** The thing, person or place meant: its name when known, else the words of the request. */
  target: z.string().optional(),
  direction: Direction.optional(),
});
export type RejectedOperation = z.infer<typeof RejectedOperation>;

/**
 * What happens to a patch when others have changed the world since `expected_version`. `rebase` (the default): the
 * operations are judged on the world as it is. `fail`: nothing is done. `overwrite`: they are judged on the world as it
 * was then, and the outcome replaces what others have done since.
 */
export const CONFLICT_POLICIES = ['rebase', 'fail', 'overwrite'] as const;

/** How a writer stands to others; spread into every input that may say so. */
export const conflictFields = {
  expected_version: z.int().min(0).optional(),
  conflict_policy: z.enum(CONFLICT_POLICIES).optional(),
};

/** Only what was expected can be held against what is. */
export function namesExpectation(input: {
  readonly expected_version?: number | undefined;
  readonly conflict_policy?: (typeof CONFLICT_POLICIES)[number] | undefined;
}): boolean {
  const { conflict_policy: policy = 'rebase', expected_version: expected } = input;
  return policy === 'rebase' || expected !== undefined;
}

export const EXPECTATION_MISSING = {
  message: 'conflict_policy "fail" and "overwrite" need an expected_version',
  path: ['expected_version'],
};

export const WbaInput = z
  .strictObject({
    world_id: z.string().min(1).max(130),
    action: z.enum(['fetch', 'update']),
    /** Empty, with an intent given: the operations follow from the intent's actions. */
    operations: z.array(WorldOperation).max(50),
    intent: IpaOutput.nullish(),
    ...conflictFields,
  })
  .refine(namesExpectation, EXPECTATION_MISSING);
export type WbaInput = z.infer<typeof WbaInput>;

export const WbaOutput = z.strictObject({
  world_id: z.string(),
  world_state: WorldView,
  version: z.int().min(0),
  updated: z.boolean(),
  applied: z.array(AppliedOperation),
  rejected: z.array(RejectedOperation),
  description: z.string().min(1),
  cached: z.literal(false),
  /** What was found in the free texts that were to be written. */
  therapeutic_validation: StepValidation.optional(),
  ...provenance,
});
export type WbaOutput = z.infer<typeof WbaOutput>;
