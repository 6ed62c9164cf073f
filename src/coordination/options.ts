import { z } from 'zod';
import { RegistrySettings } from './agents/settings.ts';
import { ENVIRONMENTS } from './capabilities/discovery/environment.ts';
import { DiscoverySettings } from './capabilities/discovery/settings.ts';
import { CapabilitySettings } from './capabilities/settings.ts';
import { MessagingSettings } from './messages/settings.ts';
import { RoutingSettings } from './routing/settings.ts';
import { SupervisionSettings } from './supervision/settings.ts';
import { parseInput } from './validate.ts';

const AsGiven = z.unknown().optional();

/** What each part takes, so that everything that is wrong in any of them is said at once. */
const Options = z.strictObject({
  connection: z
    .unknown()
    .refine((connection) => connection !== undefined && connection !== null, 'is missing'),
  keyPrefix: z.string().min(1).optional(),
  messaging: MessagingSettings.optional(),
  agents: RegistrySettings.optional(),
  router: RoutingSettings.optional(),
  capabilities: CapabilitySettings.optional(),
  semanticScorer: AsGiven,
  discovery: DiscoverySettings.optional(),
  environment: z.enum(ENVIRONMENTS).optional(),
  infer: AsGiven,
  supervision: SupervisionSettings.optional(),
  circuits: z.strictObject({ config: AsGiven, circuits: AsGiven, isFailure: AsGiven }).optional(),
  onHopeless: AsGiven,
  metrics: AsGiven,
  logger: AsGiven,
  clock: AsGiven,
});

/** Errors: validation (invalid_input), with every problem of every part */
export function checkOptions(options: unknown): void {
  parseInput(Options, options);
}
