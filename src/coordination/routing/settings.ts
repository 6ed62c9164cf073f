import { z } from 'zod';
import { parseInput } from '../validate.ts';

const Weight = z.number().min(0).max(1_000_000);

/** How agents are weighed against each other. */
export const RoutingSettings = z
  .strictObject({
    /** Off: a message without an instance goes to the shared mailbox, one with an instance to that one. */
    enabled: z.boolean().default(true),
    /** Only their proportion counts. */
    weightQueue: Weight.default(0.3),
    weightHeartbeat: Weight.default(0.4),
    weightSuccess: Weight.default(0.3),
    /** The age from which a heartbeat is as bad as it can be. */
    heartbeatFreshMs: z.number().gt(0).max(86_400_000).default(30_000),
    /** How many of an agent's last outcomes count. */
    successWindowSize: z.int().min(1).max(10_000).default(100),
  })
  .refine(
    ({ weightQueue, weightHeartbeat, weightSuccess }) => weightQueue + weightHeartbeat + weightSuccess > 0,
    {
      path: ['weightQueue'],
      message: 'one of weightQueue, weightHeartbeat and weightSuccess must be above 0',
    },
  );
export type RoutingSettings = z.output<typeof RoutingSettings>;
export type RoutingOptions = z.input<typeof RoutingSettings>;

/**
 * The settings with these changes: all of them, or a refusal that names every wrong one.
 * Errors: validation (invalid_input)
 */
export function rerouted(settings: RoutingSettings, changes: RoutingOptions): RoutingSettings {
  return parseInput(RoutingSettings, { ...settings, ...changes }, 'router');
}
