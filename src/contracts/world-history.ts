import { z } from 'zod';
import { IsoTime } from './identifiers.ts';
import { VISIBLE_OPS, World } from './world.ts';
import { Direction, EntityId, WorldView } from './world-view.ts';

/** The newest patches of a world that are remembered. */
export const MAX_WORLD_HISTORY = 500;

/** What one accepted operation was about, by ids alone. `undo`: a rollback took an earlier patch back. */
export const PatchOp = z.strictObject({
  op: z.enum([...VISIBLE_OPS, 'advance_turn', 'undo']),
  direction: Direction.optional(),
  to_id: EntityId.optional(),
  object_id: EntityId.optional(),
  npc_id: EntityId.optional(),
  flag: EntityId.optional(),
});
export type PatchOp = z.infer<typeof PatchOp>;

/** One version of a world: which step made it, when, and by what. */
export const WorldVersion = z
  .strictObject({
    version: z.int().min(0),
    at: IsoTime,
    /** Absent for a job that belonged to no run. */
    run_id: z.string().optional(),
    step: z.string(),
    ops: z.array(PatchOp),
  })
  .meta({ id: 'WorldVersion' });
export type WorldVersion = z.infer<typeof WorldVersion>;

/** The world of a session as it is, or as it was at an earlier version. */
export const SessionWorld = z
  .strictObject({
    world_id: z.string(),
    version: z.int().min(0),
    /** The newest version there is. */
    current_version: z.int().min(0),
    /** When this version was made. */
    updated_at: IsoTime,
    view: WorldView,
    /** All of it; only where it was asked for. */
    world: World.optional(),
  })
  .meta({ id: 'SessionWorld' });
export type SessionWorld = z.infer<typeof SessionWorld>;

/** How a world is asked for. */
export interface WorldQuestion {
  /** Default: the newest. */
  readonly version?: number;
  /** All of it, and not only what the player can see. */
  readonly full?: boolean;
}
