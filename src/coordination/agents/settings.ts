import { z } from 'zod';

const DAY_MS = 86_400_000;

/** How agents show that they are there. Milliseconds unless the name says otherwise. */
export const RegistrySettings = z
  .strictObject({
    /** How long an agent counts as alive after a heartbeat. */
    heartbeatTtlMs: z.int().min(100).max(300_000).default(30_000),
    /** Default: a third of `heartbeatTtlMs`, at least 1000, at most half of it. */
    heartbeatIntervalMs: z.int().min(1, 'must be greater than 0').optional(),
    /** How long the record of an agent outlives its last heartbeat. */
    recordRetentionMs: z
      .int()
      .min(1000)
      .max(365 * DAY_MS)
      .default(DAY_MS),
    /** How long the saved state of an agent outlives its last heartbeat. */
    stateRetentionMs: z
      .int()
      .min(1000)
      .max(365 * DAY_MS)
      .default(DAY_MS),
    /** Of the state of one agent, as JSON in UTF-8. */
    maxStateBytes: z.int().min(1).max(16_777_216).default(1_048_576),
    /** How often one elected process looks for agents that fell silent. */
    lossDetectionIntervalMs: z.int().min(20).max(60_000).default(1000),
    /** About how many events of agents are kept. */
    eventsMaxLen: z.int().min(1).default(10_000),
  })
  .transform((settings, context) => {
    const { heartbeatTtlMs, heartbeatIntervalMs = defaultInterval(heartbeatTtlMs) } = settings;
    if (heartbeatIntervalMs >= heartbeatTtlMs)
      context.addIssue({
        code: 'custom',
        path: ['heartbeatIntervalMs'],
        message: `must be below heartbeatTtlMs (${heartbeatTtlMs})`,
      });
    if (settings.recordRetentionMs < heartbeatTtlMs)
      context.addIssue({
        code: 'custom',
        path: ['recordRetentionMs'],
        message: `must not be below heartbeatTtlMs (${heartbeatTtlMs})`,
      });
    return { ...settings, heartbeatIntervalMs };
  });
export type RegistrySettings = z.output<typeof RegistrySettings>;
export type RegistryOptions = z.input<typeof RegistrySettings>;

/** Three beats in a life, but none more often than once a second unless lives are that short. */
function defaultInterval(ttlMs: number): number {
  return Math.floor(Math.min(Math.max(1000, ttlMs / 3), ttlMs / 2));
}
