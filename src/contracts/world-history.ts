import { z } from 'zod';
import { IsoTime } from './identifiers.ts';
import { VISIBLE_OPS } from './world.ts';
import { Direction, EntityId } from './world-view.ts';

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
