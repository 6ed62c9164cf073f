import { z } from 'zod';
import { AgentType } from '../models/agent-id.ts';
import { RestartPolicy } from './restart-policy.ts';

const HOUR_MS = 3_600_000;
const CallTimeout = z.int().min(1).max(HOUR_MS);

/** How a process looks after its agents. Milliseconds. */
export const SupervisionSettings = z
  .strictObject({
    healthCheckIntervalMs: z.int().min(20).max(HOUR_MS).default(15_000),
    /** How often agents are looked at. Default: `healthCheckIntervalMs`, at least 5000. */
    failureDetectionIntervalMs: z.int().min(20).max(HOUR_MS).optional(),
    /** A health check that takes longer counts as failed. */
    healthTimeoutMs: z.int().min(1).max(60_000).default(5000),
    restart: RestartPolicy.prefault({}),
    /** How long calls under way may take to finish when an agent is restarted. */
    restartGraceMs: z.int().min(0).max(HOUR_MS).default(5000),
    /** The same when the process ends. */
    shutdownGraceMs: z.int().min(0).max(HOUR_MS).default(25_000),
    /** How long an agent may work on one message, by type. */
    callTimeouts: z.record(AgentType, CallTimeout).default({}),
    /** The same for all other types. */
    callTimeoutMs: CallTimeout.default(30_000),
    /** How often a process looks for what operators asked of its agents. */
    commandIntervalMs: z.int().min(20).max(60_000).default(1000),
    /** How often one process looks for messages that agents left behind. */
    handoverIntervalMs: z.int().min(20).max(60_000).default(5000),
  })
  .transform((settings) => ({
    ...settings,
    failureDetectionIntervalMs:
      settings.failureDetectionIntervalMs ?? Math.max(5000, settings.healthCheckIntervalMs),
  }));
export type SupervisionSettings = z.output<typeof SupervisionSettings>;
export type SupervisionOptions = z.input<typeof SupervisionSettings>;
