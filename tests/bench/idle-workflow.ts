import { z } from 'zod';
import type { Agent } from '../../src/agents/agent.ts';
import { AGENTS, type AgentName } from '../../src/contracts/agent-type.ts';
import type { BindNode, StepNode } from '../../src/primitives/plan/node.ts';
import { fromWire } from '../../src/resilience/backoff.ts';
import { createCatalog, type Catalog } from '../../src/workflows/catalog/catalog.ts';
import { RETRY } from '../../src/workflows/catalog/settings.ts';
import type { WorkflowDefinition } from '../../src/workflows/definition.ts';

/** The shape of the built-in IPA -> WBA -> NGA, without anything to do in it. */
export const IDLE_WORKFLOW = 'idle_chain';

/** The same, with the run job woken after every step. */
export const IDLE_STEPWISE = 'idle_chain_stepwise';
export const IDLE_CHAIN_10 = 'idle_chain_10';
export const IDLE_CHAIN_10_STEPWISE = 'idle_chain_10_stepwise';
export const IDLE_FAN_100 = 'idle_fan_100';
export const IDLE_WAIT = 'idle_wait';

const WAIT_MS = 3_600_000;

const Input = z.strictObject({ text: z.string() });
const Output = z.strictObject({ text: z.string() });

/** What all of them have in common; their reply is the shortest there is. */
const COMMON = {
  version: 1,
  input: Input,
  timeoutMs: 300_000,
  needsIntent: false,
  reply: ({ input }: { input: z.output<typeof Input> }) => ({
    responseText: input.text,
    nextActions: [],
    intent: null,
    worldState: null,
    lastAgent: 'nga' as const,
  }),
};

type IdleWorkflow = WorkflowDefinition<typeof Input>;

/** Steps in a row, done by the agents in turn. */
function chain(name: string, steps: number, mode: 'segmented' | 'stepwise'): IdleWorkflow {
  const names = Array.from({ length: steps }, (_, index) => (steps === 3 ? AGENTS[index]! : `s${index}`));
  return {
    ...COMMON,
    name,
    mode,
    plan: {
      kind: 'sequence',
      stages: [
        { kind: 'fn', name: 'scope', apply: (input: never) => ({ input }) },
        ...names.map((id, index): BindNode => ({
          kind: 'bind',
          id,
          optional: false,
          pick: ({ input }: { input: z.output<typeof Input> }) => ({ text: input.text }),
          body: idleStep(id, AGENTS[index % AGENTS.length]!),
        })),
      ],
    },
  };
}

/** So many steps side by side. */
function fan(name: string, steps: number): IdleWorkflow {
  return {
    ...COMMON,
    name,
    plan: {
      kind: 'each',
      name: 'items',
      items: (input: z.output<typeof Input>) => Array.from({ length: steps }, () => input),
      body: idleStep('item', 'nga'),
      concurrency: steps,
      maxItems: steps,
      join: 'all',
    },
  };
}

/** Waits for somebody who never comes. */
const waiting: IdleWorkflow = {
  ...COMMON,
  name: IDLE_WAIT,
  timeoutMs: WAIT_MS,
  plan: {
    kind: 'sequence',
    stages: [
      { kind: 'wait', name: 'word', schema: z.unknown(), timeoutMs: WAIT_MS, onTimeout: 'fail' },
      idleStep('after', 'nga'),
    ],
  },
};

function idleStep(name: string, queue: AgentName): StepNode {
  return {
    kind: 'step',
    name,
    queue,
    input: Input,
    output: Output,
    idempotent: true,
    retry: fromWire(RETRY),
    timeoutMs: 10_000,
  };
}

export function idleCatalog(): Catalog {
  return createCatalog([
    chain(IDLE_WORKFLOW, 3, 'segmented'),
    chain(IDLE_STEPWISE, 3, 'stepwise'),
    chain(IDLE_CHAIN_10, 10, 'segmented'),
    chain(IDLE_CHAIN_10_STEPWISE, 10, 'stepwise'),
    fan(IDLE_FAN_100, 100),
    waiting,
  ]);
}

/** Agents that answer with what they are given, at once. */
export function idleAgents(): Map<AgentName, Agent> {
  const run: Agent<typeof Input, typeof Output>['run'] = async ({ text }) => ({ text });
  return new Map(AGENTS.map((name) => [name, { name, input: Input, output: Output, run }]));
}
