import type { FnContext, StepNode } from '../plan/node.ts';

/** An agent that definitions may name. */
export interface DefinedAgent {
  readonly step: StepNode;
  /** What it takes when a definition does not say: default, the run's own input. */
  readonly input?: (scope: never, ctx: FnContext) => unknown;
}

export type Agents = Readonly<Record<string, DefinedAgent>>;

/** Own names only. */
export function findAgent(agents: Agents, name: string): DefinedAgent | undefined {
  return Object.hasOwn(agents, name) ? agents[name] : undefined;
}

export function defaultInput(agent: DefinedAgent): (scope: never, ctx: FnContext) => unknown {
  return agent.input ?? ((scope: never) => (scope as { readonly input: unknown }).input);
}
