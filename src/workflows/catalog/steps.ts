import { AGENT_TYPES, AGENTS, type AgentName } from '../../contracts/agent-type.ts';
import { IpaInput, IpaOutput } from '../../contracts/intent.ts';
import { NgaInput, NgaOutput } from '../../contracts/narrative.ts';
import type { RetryPolicy } from '../../contracts/retry.ts';
import type { TurnInput } from '../../contracts/turn.ts';
import { WbaInput, WbaOutput } from '../../contracts/world.ts';
import { FleetError } from '../../kernel/errors.ts';
import type { Agents } from '../../primitives/define/agents.ts';
import type { BindNode, FnContext, FnNode, PlanNode, StepNode } from '../../primitives/plan/node.ts';
import { fromWire } from '../../resilience/backoff.ts';
import { viewOf } from '../../sessions/world/view.ts';
import type { Surroundings } from '../definition.ts';
import { pastOf } from './past.ts';
import type { CatalogSettings } from './settings.ts';

/** What stands before a step of a built-in agent: the turn, and the newest outputs of the agents before it. */
export interface Before {
  readonly input: TurnInput;
  readonly ipa?: unknown;
  readonly wba?: unknown;
  readonly nga?: unknown;
}

const SCHEMAS = {
  ipa: { input: IpaInput, output: IpaOutput, recentTurns: 0 },
  wba: { input: WbaInput, output: WbaOutput, recentTurns: 0 },
  nga: { input: NgaInput, output: NgaOutput, recentTurns: 5 },
} as const satisfies Record<AgentName, unknown>;

/** The agents in the given order, each a step on its own queue, with nothing to decide in between. */
export function agentChain(
  agents: readonly AgentName[],
  settings: CatalogSettings,
  retry: RetryPolicy,
): PlanNode {
  const scope: FnNode = { kind: 'fn', name: 'scope', apply: (input: never) => ({ input }) };
  return { kind: 'sequence', stages: [scope, ...agents.map((agent) => agentStep(agent, settings, retry))] };
}

function agentStep(agent: AgentName, settings: CatalogSettings, retry: RetryPolicy): BindNode {
  return {
    kind: 'bind',
    id: agent,
    optional: false,
    pick: inputOf(agent, settings),
    body: { ...stepOf(agent, settings), retry: fromWire(retry) },
  };
}

function stepOf(agent: AgentName, settings: CatalogSettings): StepNode {
  const { input, output, recentTurns } = SCHEMAS[agent];
  return {
    kind: 'step',
    name: agent,
    queue: agent,
    input,
    output,
    idempotent: true,
    timeoutMs: settings.stepTimeoutMs[agent],
    recentTurns,
  };
}

function inputOf(agent: AgentName, settings: CatalogSettings): (before: never, ctx: FnContext) => unknown {
  return (before: never, ctx) => INPUTS[agent](before, ctx.ambient as Surroundings, settings);
}

/** The fleet's agents as definitions without code may name them, by their short names and by their long ones. */
export function definedAgents(settings: CatalogSettings): Agents {
  return Object.fromEntries(
    AGENTS.flatMap((agent) => {
      const defined = { step: stepOf(agent, settings), input: inputOf(agent, settings) };
      return [agent, AGENT_TYPES[agent]].map((name) => [name, defined] as const);
    }),
  );
}

type Input = (
  before: Before,
  around: Surroundings,
  settings?: Pick<CatalogSettings, 'contextMaxChars'>,
) => unknown;

const INPUTS: Readonly<Record<AgentName, Input>> = {
  ipa: ({ input }, { session, world }): IpaInput => ({
    text: input.text,
    view: world === null ? null : viewOf(world),
    last_entity: session?.lastEntity ?? null,
  }),
  wba: (before, around): WbaInput => {
    const { operations = [], expected_version, conflict_policy } = before.input;
    return {
      world_id: requireWorldId(around),
      action: 'update',
      operations,
      ...(expected_version === undefined ? {} : { expected_version }),
      ...(conflict_policy === undefined ? {} : { conflict_policy }),
      // Operations that were sent win; otherwise they follow from what the player meant.
      ...(operations.length > 0 ? {} : { intent: intentOf(before.input, before.ipa) }),
    };
  },
  nga: (before, { session, world, recentTurns }, { contextMaxChars = 6000 } = {}): NgaInput => ({
    player_text: before.input.text,
    intent: intentOf(before.input, before.ipa),
    world: before.wba === undefined ? null : WbaOutput.parse(before.wba),
    view: world === null ? null : viewOf(world),
    ...pastOf(session, recentTurns, contextMaxChars),
    session_id: session?.sessionId ?? null,
    ...(session?.isNeutralOnly === true ? { neutral_only: true as const } : {}),
    turn: (session?.turn ?? 0) + 1,
  }),
};

/** What a story of the turn is told from. */
export function narrativeInputOf(before: Before, around: Surroundings): NgaInput {
  // The schema fills in what is left out.
  return NgaInput.parse(INPUTS.nga(before, around));
}

/** What was understood: by the IPA step when there is one, else before the run began. */
export function intentOf(input: TurnInput, ipa: unknown): IpaOutput | null {
  return ipa === undefined ? (input.intent ?? null) : IpaOutput.parse(ipa);
}

export function isAgentName(name: string): name is AgentName {
  return (AGENTS as readonly string[]).includes(name);
}

function requireWorldId({ session, world }: Surroundings): string {
  const worldId = session?.worldId ?? world?.world_id;
  if (worldId !== undefined) return worldId;
  throw new FleetError({
    code: 'session_required',
    kind: 'invalid_input',
    message: 'the world builder needs a session: start the run with a session_id',
  });
}
