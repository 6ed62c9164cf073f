import { z } from 'zod';
import type { RetryStamp } from '../models/queue-message.ts';
import { parseInput } from '../validate.ts';

const DAY_MS = 86_400_000;

/** How messages are kept, repeated and recovered. Milliseconds unless the name says otherwise. */
export const MessagingSettings = z
  .strictObject({
    /** Messages that a mailbox holds at most, those that wait for a retry or are being handled included. */
    queueSize: z.int().min(1).max(1_000_000).default(10_000),
    /** Deliveries after the first one; 0 makes the first nack a dead letter. */
    retryAttempts: z.int().min(0).max(100).default(3),
    backoffBaseMs: z.number().min(0).max(3_600_000).default(1000),
    backoffMaxMs: z.number().min(0).max(3_600_000).default(30_000),
    backoffFactor: z.number().min(1).max(10).default(2),
    backoffJitter: z.number().min(0).max(1).default(0),
    visibilityTimeoutMs: z.int().min(50).max(43_200_000).default(5000),
    /** How long `request` waits for an answer where nobody says otherwise. */
    messageTimeoutMs: z.int().min(1).max(3_600_000).default(30_000),
    /** Expired reservations after which a message is given up. */
    maxStalls: z.int().min(0).max(100).default(3),
    sweepIntervalMs: z.int().min(50).max(60_000).default(1000),
    autoRecoverOnStart: z.boolean().default(true),
    /** About how many entries the audit stream keeps; 0 turns it off. */
    auditMaxLen: z.int().min(0).default(100_000),
    maxPayloadBytes: z.int().min(1).max(16_777_216).default(262_144),
    /** How long an unused mailbox keeps its connection. */
    idleCloseMs: z.int().min(100).max(DAY_MS).default(300_000),
    /** Dead letters of one mailbox above which a warning is logged. */
    dlqWarnThreshold: z.int().min(1).default(10),
    /** Retries within five seconds above which a warning is logged. */
    retrySpikeWarnThreshold: z.int().min(1).default(20),
  })
  .refine(({ backoffBaseMs, backoffMaxMs }) => backoffMaxMs >= backoffBaseMs, {
    path: ['backoffMaxMs'],
    message: 'must not be below backoffBaseMs',
  });
export type MessagingSettings = z.output<typeof MessagingSettings>;
export type MessagingOptions = z.input<typeof MessagingSettings>;

/** What may change while a coordinator runs. */
export type RuntimeOptions = Partial<
  Pick<MessagingSettings, 'queueSize' | 'retryAttempts' | 'backoffBaseMs' | 'backoffFactor' | 'backoffMaxMs'>
>;
const RUNTIME_OPTIONS = ['queueSize', 'retryAttempts', 'backoffBaseMs', 'backoffFactor', 'backoffMaxMs'];

/**
 * The settings with these changes: all of them, or a refusal that names every wrong one.
 * Errors: validation (invalid_input)
 */
export function reconfigured(settings: MessagingSettings, changes: RuntimeOptions): MessagingSettings {
  const known = z.strictObject(
    Object.fromEntries(RUNTIME_OPTIONS.map((name) => [name, z.unknown().optional()])),
  );
  parseInput(known, changes);
  // What is named and undefined is no change, and not a return to the default.
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  return parseInput(MessagingSettings, { ...settings, ...given });
}

/** What a message that is sent now carries along. */
export function retryStamp(settings: MessagingSettings): RetryStamp {
  return {
    attempts: settings.retryAttempts + 1,
    base_ms: settings.backoffBaseMs,
    factor: settings.backoffFactor,
    max_ms: settings.backoffMaxMs,
    jitter: settings.backoffJitter,
  };
}
