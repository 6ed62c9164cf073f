import { z } from 'zod';

export const DIRECTIONS = [
  'north',
  'south',
  'east',
  'west',
  'northeast',
  'northwest',
  'southeast',
  'southwest',
  'up',
  'down',
  'in',
  'out',
] as const;
export const Direction = z.enum(DIRECTIONS);
export type Direction = z.infer<typeof Direction>;

/** Ids inside a world: locations, objects, people, flags. */
export const EntityId = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,63}$/, 'expected a lower-case id such as "wise_elder" (at most 64 characters)');
export type EntityId = z.infer<typeof EntityId>;

/** The word behind the prefix that names what belongs to no single world. */
export const RESERVED_WORLD_ID = 'outbox';

/** The id of a stored world: as long as a chosen id, and longer by what a session's own world has in front. */
export const WorldId = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,129}$/, 'expected a letter, then letters, digits, "_", "." or "-"')
  .refine((id) => id !== RESERVED_WORLD_ID, { message: `no world is called "${RESERVED_WORLD_ID}"` });

/** The destination of an exit nobody has walked yet; entering it makes the place. */
export const UNEXPLORED = 'unexplored';

export const EntityName = z.string().min(1).max(80);
export const EntityDescription = z.string().max(600);
export const EntityAliases = z.array(EntityName).max(12);

export const ViewExit = z.strictObject({
  direction: Direction,
  to_id: EntityId,
  to_name: EntityName,
  aliases: EntityAliases,
});
export type ViewExit = z.infer<typeof ViewExit>;

export const ViewObject = z.strictObject({
  id: EntityId,
  name: EntityName,
  aliases: EntityAliases,
  description: EntityDescription,
  /** What using it is like, as one sentence in the second person; empty when nothing special happens. */
  use_text: EntityDescription,
  portable: z.boolean(),
  openable: z.boolean(),
  open: z.boolean(),
});
export type ViewObject = z.infer<typeof ViewObject>;

export const ViewNpc = z.strictObject({
  id: EntityId,
  name: EntityName,
  aliases: EntityAliases,
  description: EntityDescription,
  mood: z.string().max(40),
  disposition: z.number().min(-1).max(1),
  met: z.boolean(),
});
export type ViewNpc = z.infer<typeof ViewNpc>;

/**
 * The world as the player stands in it: this place, what is in it, what is carried, where the ways lead.
 * Agents other than the world builder see nothing else, so nothing else can leak into a story.
 *
 * Source: spec, workflows 3.2, `world_state`
 */
export const WorldView = z.strictObject({
  world_id: z.string().min(1).max(130),
  version: z.int().min(0),
  seed: z.string(),
  turn: z.int().min(0),
  location: z.strictObject({
    id: EntityId,
    name: EntityName,
    aliases: EntityAliases,
    description: EntityDescription,
    theme: z.string().max(40),
    mood: z.string().max(40),
    exits: z.array(ViewExit),
  }),
  objects: z.array(ViewObject),
  npcs: z.array(ViewNpc),
  inventory: z.array(ViewObject),
  /** Where the player was before; "go back" means this place. */
  came_from: EntityId.nullable(),
});
export type WorldView = z.infer<typeof WorldView>;
