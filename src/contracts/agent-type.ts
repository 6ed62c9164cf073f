import { z } from 'zod';

/** The short name is used in queue names and metric labels, the long one in `agent_type` on the wire. */
export const AGENTS = ['ipa', 'wba', 'nga'] as const;
export type AgentName = (typeof AGENTS)[number];

export const AGENT_TYPES = {
  ipa: 'input_processor',
  wba: 'world_builder',
  nga: 'narrative_generator',
} as const satisfies Record<AgentName, string>;
export type AgentType = (typeof AGENT_TYPES)[AgentName];

const SHORT_BY_LONG = new Map<string, AgentName>(AGENTS.map((short) => [AGENT_TYPES[short], short]));

/** Both spellings are accepted on input; inside, only the short one is used. */
export const AgentNameInput = z
  .enum([...AGENTS, ...Object.values(AGENT_TYPES)])
  .transform((name): AgentName => SHORT_BY_LONG.get(name) ?? (name as AgentName));

/** The long name of one of the fleet's agents; any other type as it is. */
export function longAgentType(type: string): string {
  return isAgentName(type) ? AGENT_TYPES[type] : type;
}

function isAgentName(type: string): type is AgentName {
  return Object.hasOwn(AGENT_TYPES, type);
}
