import { CoordinationValidationError } from '../../errors.ts';
import { agentIdText, type AgentIdInput } from '../../models/agent-id.ts';
import {
  AgentCapability,
  type AgentCapabilityInput,
  type AgentCapabilitySet,
} from '../../models/capability.ts';
import type { Logger } from '../../ports.ts';
import { checkCapabilitySet } from '../store.ts';

/** An agent of this process that may have something to advertise. */
export interface DiscoveryComponent {
  /** Default: the text form of the agent. */
  readonly componentId?: string;
  readonly agent: AgentIdInput;
  /** As `AgentCapability`s. When there are none, what is known of the type is advertised. */
  readonly capabilities?: readonly unknown[];
  /** Default true; false keeps its capabilities to itself. */
  readonly advertise?: boolean;
  /** Of the set. Default 1.0.0. */
  readonly version?: string;
  /** 1 to 10. Default 5. */
  readonly priority?: number;
}

/** What all agents of a type can do, as the application knows; undefined or empty when it does not. */
export type InferCapabilities = (type: string) => readonly AgentCapabilityInput[] | undefined;

/**
 * The set that a component advertises.
 * Errors: validation (invalid_input), naming the field
 */
export function setOfComponent(
  { agent, capabilities = [], version, priority }: DiscoveryComponent,
  infer: InferCapabilities,
  isStrict: boolean,
  logger: Logger,
): AgentCapabilitySet {
  const text = agentIdText(agent);
  const own = capabilities.length > 0 ? capabilities : (infer(agent.type) ?? []);
  const used = isStrict ? own : own.filter((capability, index) => isUsable(capability, index, text, logger));
  if (used.length === 0)
    throw new CoordinationValidationError([
      {
        path: 'capabilities',
        message: `there are none${own.length > 0 ? ' that are right' : `, and nothing is known of agents of type ${agent.type}`}`,
      },
    ]);
  return checkCapabilitySet(text, {
    capabilities: used,
    ...(version === undefined ? {} : { version }),
    ...(priority === undefined ? {} : { priority }),
  });
}

function isUsable(capability: unknown, index: number, agent: string, logger: Logger): boolean {
  const isRight = AgentCapability.safeParse(capability).success;
  if (!isRight) logger.warn({ agent, index }, 'a capability is wrong and is not advertised');
  return isRight;
}
