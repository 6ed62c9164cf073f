import { z } from 'zod';

export const COMPONENT_STATES = ['ok', 'paused', 'no_workers'] as const;

/** The fleet in one look; the same from every process. Counts and averages are those of the last `window_seconds`. */
export const FleetStatus = z
  .strictObject({
    /** Somebody works on every queue that a turn needs. */
    initialized: z.boolean(),
    /** Sessions of which a run was admitted within the last 15 minutes. */
    active_sessions: z.int().min(0),
    /** Runs that have not ended. */
    active_runs: z.int().min(0),
    /** Runs that have ended, however. */
    request_count: z.int().min(0),
    /** Those that failed or timed out. */
    error_count: z.int().min(0),
    /** 0 to 1. */
    error_rate: z.number().min(0).max(1),
    /** From acceptance to end; 0 when none has ended. */
    avg_processing_ms: z.number().min(0),
    window_seconds: z.int(),
    /** The worst of the answers of the last one to two minutes (0 to 3); 4 while no run is admitted. */
    degraded_level: z.int().min(0).max(4),
    components: z.record(
      z.string(),
      z.strictObject({
        status: z.enum(COMPONENT_STATES),
        /** Of a queue: jobs that wait for a worker, and the workers connected to it. */
        waiting: z.int().optional(),
        workers: z.int().optional(),
      }),
    ),
  })
  .meta({ id: 'FleetStatus' });
export type FleetStatus = z.infer<typeof FleetStatus>;
