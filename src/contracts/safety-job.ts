import { z } from 'zod';
import { ChannelName } from './escalation.ts';

/** The round over everything that is due; it comes again by itself. */
export const SAFETY_ROUND_JOB = 'safety-round';

/** One step of the protocol that an intervention follows. */
export const ProtocolStepJobData = z.strictObject({
  intervention_id: z.string().min(1).max(64),
  /** `escalation_round` of the intervention: a higher level starts its protocol anew. */
  round: z.int().min(0),
  /** Place of the step in its protocol. */
  step: z.int().min(0),
  protocol_id: z.string().max(64),
});
export type ProtocolStepJobData = z.infer<typeof ProtocolStepJobData>;

/** A step, or the round that looks after what is due, which needs no data. */
export const ProtocolJobData = z.union([ProtocolStepJobData, z.strictObject({})]);

/** One page: one escalation over one channel, once per tier and per repetition of the last one. */
export const PageJobData = z.strictObject({
  escalation_id: z.string().regex(/^[A-Za-z0-9-]{1,96}$/),
  step: z.int().min(0),
  channel: ChannelName,
  /** Pause before each further attempt; so many and the first one are made. */
  delays_ms: z.array(z.int().min(0)).max(20),
});
export type PageJobData = z.infer<typeof PageJobData>;

/** Names the page everywhere: the job, the Idempotency-Key, the Message-ID. */
export function pageId(page: Pick<PageJobData, 'escalation_id' | 'step' | 'channel'>): string {
  return `esc-${page.escalation_id}-t${page.step}-${page.channel}`;
}

/** The page of an id; null for any other text. */
export function pageOf(id: string): Pick<PageJobData, 'escalation_id' | 'step' | 'channel'> | null {
  const [, escalationId, step, name] = /^esc-([A-Za-z0-9-]+)-t(\d+)-([a-z]+)$/.exec(id) ?? [];
  const channel = ChannelName.safeParse(name);
  if (escalationId === undefined || !channel.success) return null;
  return { escalation_id: escalationId, step: Number(step), channel: channel.data };
}
