import { z } from 'zod';
import type { Agent } from '../../src/agents/agent.ts';
import { AGENTS, type AgentName } from '../../src/contracts/agent-type.ts';
import type { BindNode } from '../../src/primitives/plan/node.ts';
import { fromWire } from '../../src/resilience/backoff.ts';
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
  plan: {
    kind: 'sequence',
    stages: [
      { kind: 'fn', name: 'scope', apply: (input: never) => ({ input }) },
      ...AGENTS.map((agent): BindNode => ({
        kind: 'bind',
        id: agent,
        optional: false,
        pick: ({ input }: { input: z.output<typeof Input> }) => ({ text: input.text }),
        body: {
          kind: 'step',
          name: agent,
          queue: agent,
          input: Input,
          output: Output,
          idempotent: true,
          retry: fromWire(RETRY),
          timeoutMs: 10_000,
        },
      })),
    ],
  },
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
