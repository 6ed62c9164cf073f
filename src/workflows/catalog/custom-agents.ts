import { z } from 'zod';
import { CUSTOM_AGENT_TIMEOUT_MS } from '../../../queues/catalogue.ts';
import { JsonObject } from '../../coordination/models/json.ts';
import {
  lookupIn,
  type AgentLookup,
  type Agents,
  type DefinedAgent,
} from '../../primitives/define/agents.ts';
import type { StepNode } from '../../primitives/plan/node.ts';
import type { AgentTypes, CustomAgentType } from '../registry/agent-types.ts';
import { isCustomType } from '../registry/custom-type.ts';

/** What JSON carries without changing it; what it would drop or turn into something else is an error that names its place. */
export const AnyJson = z.unknown().superRefine((value, context) => {
  const parsed = JsonObject.safeParse({ value });
  for (const { path, message } of parsed.error?.issues ?? [])
    context.addIssue({ code: 'custom', path: path.slice(1), message });
});

type KnownTypes = Pick<AgentTypes, 'find' | 'names'>;

/** The agents that a new definition may name: those given, and the types that are known now. */
export function withKnownTypes(agents: Agents, types: KnownTypes): AgentLookup {
  const fleet = lookupIn(agents);
  return {
    find(name) {
      const type = types.find(name);
      return fleet.find(name) ?? (type === undefined ? undefined : customAgent(name, type));
    },
    names: () => [...fleet.names(), ...types.names()],
  };
}

const UNKNOWN: CustomAgentType = {
  timeoutMs: CUSTOM_AGENT_TIMEOUT_MS,
  isIdempotent: false,
  version: 'unknown',
};

/**
 * The agents that a definition may name which was accepted once: any type, as it is known now. One that changed its mind
 * about being repeated is not repeated.
 */
export function withAnyType(agents: Agents, types: KnownTypes): AgentLookup {
  const fleet = lookupIn(agents);
  return {
    find(name) {
      const own = fleet.find(name);
      if (own !== undefined || !isCustomType(name)) return own;
      const agent = customAgent(name, types.find(name) ?? UNKNOWN);
      return agent.step.idempotent ? agent : { ...agent, dropsRetry: true };
    },
    names: () => fleet.names(),
  };
}

function customAgent(type: string, { timeoutMs, isIdempotent }: CustomAgentType): DefinedAgent {
  const step: StepNode = {
    kind: 'step',
    name: type,
    queue: type,
    input: AnyJson,
    output: AnyJson,
    idempotent: isIdempotent,
    timeoutMs,
  };
  return { step, input: inputWithResults };
}

/** The run's input; after other agents, with what came out of each of them, by its queue. */
function inputWithResults({ input, ...results }: Readonly<Record<string, unknown>>): unknown {
  if (Object.keys(results).length === 0) return input;
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
  return { ...(isObject ? input : { input }), results };
}
