import { z } from 'zod';

export const DISCOVERY_STRATEGIES = ['immediate', 'delayed', 'heartbeat', 'manual'] as const;
export const DiscoveryStrategy = z.enum(DISCOVERY_STRATEGIES);
export type DiscoveryStrategy = z.infer<typeof DiscoveryStrategy>;

const HOUR_MS = 3_600_000;

/** When the capabilities of the agents of a process are advertised, and how often that is tried. */
export const DiscoverySettings = z.strictObject({
  enabled: z.boolean().default(true),
  strategy: DiscoveryStrategy.default('immediate'),
  /** Of the strategy `delayed`. */
  discoveryDelayMs: z.int().min(0).max(HOUR_MS).default(0),
  /** An attempt that takes longer has failed. */
  discoveryTimeoutMs: z.int().min(1).max(HOUR_MS).default(30_000),
  /** Attempts after the first one. */
  retryAttempts: z.int().min(0).max(100).default(3),
  retryDelayMs: z.int().min(0).max(HOUR_MS).default(5000),
  /** When false, capabilities that are wrong are left out, and the others of their agent are advertised. */
  capabilityValidation: z.boolean().default(true),
  /** Where capabilities are advertised at all. */
  environments: z
    .strictObject({
      development: z.boolean().default(true),
      testing: z.boolean().default(false),
      staging: z.boolean().default(true),
      production: z.boolean().default(true),
    })
    .prefault({}),
});
export type DiscoverySettings = z.output<typeof DiscoverySettings>;
export type DiscoveryOptions = z.input<typeof DiscoverySettings>;
