import type { FnContext, StepNode } from '../plan/node.ts';
import { fieldAt, type Scope } from './references.ts';

/** An agent that definitions may name. */
export interface DefinedAgent {
  readonly step: StepNode;
  /**
   * What it takes when a definition does not say: from the run's `input`, and of each agent that had its turn
   * before, by the name of its queue, the newest result. Default: the run's own input.
   */
  readonly input?: (before: never, ctx: FnContext) => unknown;
  /** It may not be repeated, but a definition that was accepted says so: that is passed over. */
  readonly dropsRetry?: true;
}

/** The agents that definitions may name: looked up, because they come and go. */
export interface AgentLookup {
  find(name: string): DefinedAgent | undefined;
  /** What is proposed where a name is none. */
  names(): readonly string[];
}

/** The same, or these by name and no others. */
export type Agents = AgentLookup | Readonly<Record<string, DefinedAgent>>;

export function lookupIn(agents: Agents): AgentLookup {
  if (isLookup(agents)) return agents;
  return {
    find: (name) => (Object.hasOwn(agents, name) ? agents[name] : undefined),
    names: () => Object.keys(agents),
  };
}

/** An agent may be called `find`, but is no function. */
function isLookup(agents: Agents): agents is AgentLookup {
  return typeof agents['find'] === 'function';
}

/** A step that stands before another, and where its result is found. */
export interface EarlierStep {
  readonly queue: string;
  readonly at: readonly string[];
}

/** A step that takes what its agent takes by default. */
export interface DefaultUse {
  readonly queue: string;
  /** The queues whose results it may know, in their order. */
  readonly after: readonly string[];
}

export function defaultInput(
  { input }: DefinedAgent,
  earlier: readonly EarlierStep[],
): (scope: never, ctx: FnContext) => unknown {
  if (input === undefined) return (scope: never) => (scope as Scope)['input'];
  return (scope: never, ctx) => input(newestResults(scope, earlier) as never, ctx);
}

/** A step that was passed over has no result; an earlier one of the same agent stands in for it. */
function newestResults(scope: Scope, earlier: readonly EarlierStep[]): Scope {
  const before: Record<string, unknown> = { input: scope['input'] };
  for (const { queue, at } of earlier) {
    const result = fieldAt(scope, at);
    if (result != null) before[queue] = result;
  }
  return before;
}

/** Agents whose own time limit does not exceed that of the whole; a definition may still set a longer one. */
export function withinTime(agents: AgentLookup, timeoutMs: number): AgentLookup {
  if (!(timeoutMs > 0)) return agents;
  return {
    names: () => agents.names(),
    find(name) {
      const agent = agents.find(name);
      const limitMs = agent?.step.timeoutMs;
      if (agent === undefined || limitMs === undefined || limitMs <= timeoutMs) return agent;
      return { ...agent, step: { ...agent.step, timeoutMs } };
    },
  };
}
