import { z } from 'zod';
import { CrisisLevel, InterventionType } from './safety.ts';

/** A place where somebody listens. Source: `config/safety/resources.json` */
export const SupportResource = z.strictObject({
  id: z.string(),
  name: z.string(),
  phone: z.string().optional(),
  sms: z.string().optional(),
  url: z.string().optional(),
  hours: z.string(),
  languages: z.array(z.string()),
});
export type SupportResource = z.infer<typeof SupportResource>;

/** What a player in a crisis is told beside the words. Source: spec, safety 11 */
export const CrisisResponse = z
  .strictObject({
    /**
     * Chosen before it is written, so that it holds also while Redis is away. Null: the session is held, and nothing is
     * open any more.
     */
    intervention_id: z.string().nullable(),
    intervention_type: InterventionType,
    crisis_level: CrisisLevel,
    /** Of the words, for whoever puts others around them. */
    language: z
      .string()
      .regex(/^[a-z]{2}$/)
      .default('en'),
    support_resources: z.array(SupportResource).min(1),
    /** How to reach the emergency services where the player is. */
    emergency_contacts: z.array(z.string()).min(1),
    follow_up_at: z.iso.datetime().optional(),
    /** The session plays on only after a person has released it. */
    held: z.literal(true).optional(),
  })
  .meta({ id: 'CrisisResponse' });
export type CrisisResponse = z.infer<typeof CrisisResponse>;

export const HumanOversight = z.enum(['queued', 'delivered', 'none']);
export type HumanOversight = z.infer<typeof HumanOversight>;

/** The answer to a crisis that was found within a run: the steps after it do nothing, and the run answers with it. */
export const ShortCircuit = z.strictObject({
  response_text: z.string().min(1),
  crisis_response: CrisisResponse,
  human_oversight_notified: HumanOversight,
});
export type ShortCircuit = z.infer<typeof ShortCircuit>;

/** A supportive answer: pure, the same for the same crisis. */
export interface SupportAnswer {
  readonly text: string;
  /** Of the text: two letters. */
  readonly language: string;
  readonly resources: readonly SupportResource[];
  readonly emergencyContacts: readonly string[];
}
