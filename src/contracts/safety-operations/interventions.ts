import { z } from 'zod';
import type { Caller } from '../caller.ts';
import { Intervention, InterventionState } from '../intervention.ts';
import { CrisisLevel } from '../safety.ts';

/** The name of a person who acts; nothing that acts for a machine is called so. */
const HumanId = z
  .string()
  .trim()
  .min(1)
  .max(128)
  .refine((id) => !/^system(:|$)/.test(id), 'expected the name of a person');

/** Why an intervention is closed, and by whom. */
export const ResolveIntervention = z
  .strictObject({
    human_id: HumanId,
    outcome: z.enum(['resolved', 'false_positive']),
    notes: z.string().trim().min(1).max(2000),
  })
  .meta({ id: 'ResolveIntervention' });
export type ResolveIntervention = z.infer<typeof ResolveIntervention>;

export const InterventionQuery = z.strictObject({
  state: InterventionState.optional(),
  level: CrisisLevel.optional(),
});

export interface InterventionListFilter {
  readonly state?: InterventionState | undefined;
  readonly level?: CrisisLevel | undefined;
  readonly limit: number;
  /** The last one seen: epoch ms of its beginning, and its id. */
  readonly after?: { readonly at: number; readonly id: string };
}

export interface InterventionList {
  readonly items: readonly Intervention[];
  /** Null at the end. */
  readonly next: { readonly at: number; readonly id: string } | null;
  /** Records among these that cannot be read; they stay as they are. */
  readonly unreadable: readonly string[];
}

export const ReleasedSession = z
  .strictObject({ session_id: z.string(), was_held: z.boolean() })
  .meta({ id: 'ReleasedSession' });
export type ReleasedSession = z.infer<typeof ReleasedSession>;

export const ForgottenPlayer = z
  .strictObject({
    was_known: z.boolean(),
    /** Closed ones that no longer name the player. */
    detached_interventions: z.int().min(0),
    /** Those that people still work on: they keep the hash of the player until they are closed and this is repeated. */
    open_interventions: z.int().min(0),
  })
  .meta({ id: 'ForgottenPlayer' });
export type ForgottenPlayer = z.infer<typeof ForgottenPlayer>;

/** What people do with interventions. Errors of all: forbidden, backend_unavailable (unavailable). */
export interface InterventionOperations {
  /** Newest first, open and closed ones. */
  listInterventions(filter: InterventionListFilter, caller: Caller): Promise<InterventionList>;
  /** Errors also: intervention_not_found, intervention_invalid (internal). */
  getIntervention(interventionId: string, caller: Caller): Promise<Intervention>;
  /** Errors also: intervention_not_found, intervention_state (conflict) for one that is closed. */
  resolveIntervention(
    interventionId: string,
    request: ResolveIntervention,
    caller: Caller,
  ): Promise<Intervention>;
  /** Let a session that is held play on. Errors also: session_not_found. */
  releaseSession(sessionId: string, caller: Caller): Promise<ReleasedSession>;
  /** What is remembered of a player goes; safe to repeat. */
  forgetPlayer(userId: string, caller: Caller): Promise<ForgottenPlayer>;
}
