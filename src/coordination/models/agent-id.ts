import { z } from 'zod';

/** What an agent without a name of its own is called; its mailbox is shared by all of the type. */
export const DEFAULT_INSTANCE = 'default';

const TYPE = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const INSTANCE = /^[A-Za-z0-9_-]{1,64}$/;

export const AgentType = z
  .string()
  .regex(TYPE, 'expected a letter, then up to 63 letters, digits, "_" or "-"');
export const AgentInstance = z.string().regex(INSTANCE, 'expected 1 to 64 letters, digits, "_" or "-"');

/** Who sends or receives. `{type}`, `instance: null` and `instance: "default"` name the same agent. */
export const AgentId = z
  .strictObject({ type: AgentType, instance: AgentInstance.nullable().default(null) })
  .meta({ id: 'AgentId' });
export type AgentId = z.infer<typeof AgentId>;

/** What may be given for an agent: `instance` may be left out. */
export type AgentIdInput = z.input<typeof AgentId>;

/** `type:instance`, null written as `default`. */
export const AgentIdText = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}:[A-Za-z0-9_-]{1,64}$/, 'expected <type>:<instance>');
export type AgentIdText = z.infer<typeof AgentIdText>;

/** The text form; the same text for the same agent, however it was written. */
export function agentIdText(agent: AgentIdInput): string {
  return `${agent.type}:${agent.instance ?? DEFAULT_INSTANCE}`;
}

/** The agent of a text form; undefined when it is none. `input_processor` alone is its default instance. */
export function parseAgentIdText(text: string): AgentId | undefined {
  const [type = '', instance = DEFAULT_INSTANCE, ...rest] = text.split(':');
  if (rest.length > 0 || !TYPE.test(type) || !INSTANCE.test(instance)) return undefined;
  return { type, instance: instance === DEFAULT_INSTANCE ? null : instance };
}

/** One spelling for each agent: `default` becomes null. */
export function canonicalAgentId(agent: AgentIdInput): AgentId {
  const instance = agent.instance ?? null;
  return { type: agent.type, instance: instance === DEFAULT_INSTANCE ? null : instance };
}

export function isSameAgent(one: AgentIdInput, other: AgentIdInput): boolean {
  return agentIdText(one) === agentIdText(other);
}
