import { z } from 'zod';
import type { Agent } from '../../src/agents/agent.ts';
import { AGENTS, type AgentName } from '../../src/contracts/agent-type.ts';
import { createCatalog, type Catalog } from '../../src/workflows/catalog/catalog.ts';
import { RETRY } from '../../src/workflows/catalog/settings.ts';
import type { WorkflowDefinition } from '../../src/workflows/definition.ts';

/** The shape of the built-in IPA -> WBA -> NGA, without anything to do in it. */
export const IDLE_WORKFLOW = 'idle_chain';

const Input = z.strictObject({ text: z.string() });
const Output = z.strictObject({ text: z.string() });

const definition: WorkflowDefinition<typeof Input> = {
  name: IDLE_WORKFLOW,
  version: 1,
  input: Input,
  timeoutMs: 300_000,
  needsIntent: false,
  steps: AGENTS.map((agent) => ({
    id: agent,
    agent,
    timeoutMs: 10_000,
    retry: RETRY,
    recentTurns: 0,
    input: ({ input }) => ({ text: input.text }),
  })),
  reply: ({ input }) => ({
    responseText: input.text,
    nextActions: [],
    intent: null,
    worldState: null,
    lastAgent: 'nga',
  }),
};

export function idleCatalog(): Catalog {
  return createCatalog([definition]);
}

/** Agents that answer with what they are given, at once. */
export function idleAgents(): Map<AgentName, Agent> {
  const run: Agent<typeof Input, typeof Output>['run'] = async ({ text }) => ({ text });
  return new Map(AGENTS.map((name) => [name, { name, input: Input, output: Output, run }]));
}
