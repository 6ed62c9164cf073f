import { z } from 'zod';

/** The envelope in which the state of an agent is kept; what is in it is the agent's own affair. */
export const SavedState = z
  .strictObject({
    schema_version: z.literal(1),
    saved_at: z.iso.datetime(),
    /** Of the incarnation that saved it. */
    registration_id: z.uuid(),
    state: z.unknown(),
  })
  .meta({ id: 'SavedState' });
export type SavedState = z.infer<typeof SavedState>;
