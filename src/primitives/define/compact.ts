import { FleetError, type FieldProblem } from '../../kernel/errors.ts';
import { ChainBuilder, refuseToFinish } from '../compose/chain-builder.ts';
import type { RetryOptions } from '../compose/chain.ts';
import type { LooseStepOptions } from '../compose/step-stage.ts';
import { defaultInput, type AgentLookup, type DefaultUse, type EarlierStep } from './agents.ts';
import { primitiveOf, unknownAgent } from './full.ts';
import type { Scope } from './references.ts';
import type { AgentCall, CompactDefinition } from './shapes.ts';

/** What comes out of a compact definition: the result of every step by its name. */
export interface CompactOutput {
  readonly results: Readonly<Record<string, unknown>>;
  /** Steps that failed and were passed over. */
  readonly skipped_steps: readonly string[];
}

const RETRY: RetryOptions = { attempts: 3, delayMs: 500, maxDelayMs: 30_000, factor: 2, jitter: 0.5 };

interface NamedCall extends AgentCall {
  readonly id: string;
  readonly path: string;
}

/** The agents in order, then each group side by side with a barrier after it. */
export function compactChainOf(
  definition: CompactDefinition,
  agents: AgentLookup,
  problems: FieldProblem[],
  defaults: DefaultUse[],
): { readonly chain: ChainBuilder; readonly output: (scope: never) => unknown } {
  const { sequence, groups } = namedCalls(definition);
  const earlier: EarlierStep[] = [];
  const step = (chain: ChainBuilder, call: NamedCall): ChainBuilder => {
    const options = optionsOf(call, definition, agents, problems, [...earlier]);
    if (options === null) return chain.hole(call.id);
    defaults.push({ queue: queueOf(call, agents), after: earlier.map(({ queue }) => queue) });
    return chain.step(call.id, options);
  };
  const done = (call: NamedCall, at: readonly string[]): void => {
    earlier.push({ queue: queueOf(call, agents), at });
  };
  let chain = new ChainBuilder([], refuseToFinish);
  for (const call of sequence) {
    chain = step(chain, call);
    done(call, [call.id]);
  }
  for (const [index, calls] of groups.entries()) {
    if (calls.length === 0) continue;
    const branches = calls.map((call) => [call.id, (branch: ChainBuilder) => step(branch, call)] as const);
    chain = chain.parallel(groupId(index), Object.fromEntries(branches));
    // Those of one group do not know each other.
    for (const call of calls) done(call, [groupId(index), call.id, call.id]);
  }
  const isSkipping = definition.error_handling === 'skip_on_error';
  return { chain, output: (scope) => outputOf(scope, sequence, groups, isSkipping) };
}

/** A step without a name takes its agent's; what comes again gets a number. */
function namedCalls({ agent_sequence, parallel_steps }: CompactDefinition) {
  const used = new Map<string, number>();
  const named = (call: AgentCall, path: string): NamedCall => {
    if (call.name !== undefined) return { ...call, id: call.name, path };
    const count = (used.get(call.agent) ?? 0) + 1;
    used.set(call.agent, count);
    return { ...call, id: count === 1 ? call.agent : `${call.agent}_${count}`, path };
  };
  const sequence = agent_sequence.map((call, index) => named(call, `/agent_sequence/${index}`));
  const groups = parallel_steps.map((calls, group) =>
    calls.map((call, index) => named(call, `/parallel_steps/${group}/${index}`)),
  );
  return { sequence, groups };
}

function optionsOf(
  call: NamedCall,
  definition: CompactDefinition,
  agents: AgentLookup,
  problems: FieldProblem[],
  earlier: readonly EarlierStep[],
): LooseStepOptions | null {
  const agent = agents.find(call.agent);
  if (agent === undefined) {
    problems.push({
      path: `${call.path}/agent`,
      code: 'unknown_agent',
      message: unknownAgent(call.agent, agents),
    });
    return null;
  }
  const seconds = call.timeout_seconds ?? definition.timeout_config.per_step_seconds;
  return {
    agent: primitiveOf(agent),
    input: defaultInput(agent, earlier),
    ...(seconds === undefined ? {} : { timeoutMs: Math.round(seconds * 1000) }),
    ...(definition.error_handling === 'retry' && agent.step.idempotent
      ? { retry: RETRY }
      : { retry: { attempts: 1 } }),
    ...(definition.error_handling === 'skip_on_error' ? { optional: true } : {}),
  };
}

function outputOf(
  scope: Scope,
  sequence: readonly NamedCall[],
  groups: readonly (readonly NamedCall[])[],
  isSkipping: boolean,
): CompactOutput {
  const results: Record<string, unknown> = {};
  for (const { id } of sequence) results[id] = scope[id];
  for (const [index, calls] of groups.entries()) {
    const group = scope[groupId(index)] as Readonly<Record<string, Scope>> | undefined;
    for (const { id } of calls) results[id] = group?.[id]?.[id];
  }
  // Elsewhere null is what an agent answered.
  const skipped = isSkipping ? Object.keys(results).filter((id) => results[id] === null) : [];
  if (skipped.length > 0 && skipped.length === Object.keys(results).length) {
    throw new FleetError({
      code: 'step_failed',
      kind: 'internal',
      message: 'every step failed',
      retryable: false,
      details: { skipped_steps: skipped },
    });
  }
  return { results, skipped_steps: skipped };
}

function queueOf({ agent }: NamedCall, agents: AgentLookup): string {
  return agents.find(agent)?.step.queue ?? agent;
}

function groupId(index: number): string {
  return `group_${index + 1}`;
}
