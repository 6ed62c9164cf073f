import { AGENTS, type AgentName } from '../../contracts/agent-type.ts';
import { IpaInput, IpaOutput, lastEntityOf } from '../../contracts/intent.ts';
import { NgaInput, NgaOutput } from '../../contracts/narrative.ts';
import type { RetryPolicy } from '../../contracts/retry.ts';
import type { TurnInput } from '../../contracts/turn.ts';
import { WbaInput, WbaOutput, type WorldView } from '../../contracts/world.ts';
import { FleetError } from '../../kernel/errors.ts';
import type { BindNode, FnContext, FnNode, PlanNode } from '../../primitives/plan/node.ts';
import { fromWire } from '../../resilience/backoff.ts';
import { viewOf } from '../../sessions/world/view.ts';
import type { ReplyFacts, RunReply, Surroundings } from '../definition.ts';
import type { CatalogSettings } from './settings.ts';

/** What stands before a step of a built-in workflow: the turn, and the outputs of the agents before it. */
interface Before {
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
  const { input, output, recentTurns } = SCHEMAS[agent];
  return {
    kind: 'bind',
    id: agent,
    optional: false,
    pick: (before: never, ctx: FnContext) => INPUTS[agent](before, ctx.ambient as Surroundings),
    body: {
      kind: 'step',
      name: agent,
      queue: agent,
      input,
      output,
      idempotent: true,
      retry: fromWire(retry),
      timeoutMs: settings.stepTimeoutMs[agent],
      recentTurns,
    },
  };
}

const INPUTS: Readonly<Record<AgentName, (before: Before, around: Surroundings) => unknown>> = {
  ipa: ({ input }, { session, world }): IpaInput => ({
    text: input.text,
    view: world === null ? null : viewOf(world),
    last_entity: session?.lastEntity ?? null,
  }),
  wba: (before, around): WbaInput => {
    const operations = before.input.operations ?? [];
    return {
      world_id: requireWorldId(around),
      action: 'update',
      operations,
      // Operations that were sent win; otherwise they follow from what the player meant.
      ...(operations.length > 0 ? {} : { intent: intentOf(before.input, before.ipa) }),
    };
  },
  nga: (before, { session, world, recentTurns }): NgaInput => ({
    player_text: before.input.text,
    intent: intentOf(before.input, before.ipa),
    world: before.wba === undefined ? null : WbaOutput.parse(before.wba),
    view: world === null ? null : viewOf(world),
    recent_turns: recentTurns.map((turn) => ({
      turn: turn.turn,
      text: turn.text,
      intent: turn.intent as NgaInput['recent_turns'][number]['intent'],
      response_text: turn.response_text,
      template_ids: turn.template_ids,
    })),
    emotional_state: session?.emotionalState ?? null,
    therapeutic_context: session?.therapeuticContext ?? null,
    session_id: session?.sessionId ?? null,
    turn: (session?.turn ?? 0) + 1,
  }),
};

/** What was understood: by the IPA step when there is one, else before the run began. */
function intentOf(input: TurnInput, ipa: unknown): IpaOutput | null {
  return ipa === undefined ? (input.intent ?? null) : IpaOutput.parse(ipa);
}

export function intentIn(facts: ReplyFacts<TurnInput>): IpaOutput | null {
  return intentOf(facts.input, facts.results['ipa']);
}

export function worldIn(facts: ReplyFacts<TurnInput>): WbaOutput | null {
  const result = facts.results['wba'];
  return result === undefined ? null : WbaOutput.parse(result);
}

export function storyIn(facts: ReplyFacts<TurnInput>): NgaOutput {
  return NgaOutput.parse(facts.results['nga']);
}

/** What every turn leaves in its session, whoever told it. */
export function sessionEffects(
  facts: ReplyFacts<TurnInput>,
): Pick<RunReply, 'intent' | 'lastEntity' | 'emotionalState'> {
  const intent = intentIn(facts);
  return {
    intent: intent?.intent ?? null,
    lastEntity: (intent === null ? null : lastEntityOf(intent)) ?? facts.session?.lastEntity ?? null,
    emotionalState: intent?.emotion ?? facts.session?.emotionalState ?? null,
  };
}

/** Choices that fit a view when no narrator proposes any. */
export function exitsAsActions(view: WorldView | null): RunReply['nextActions'] {
  return (view?.location.exits ?? [])
    .slice(0, 4)
    .map((exit) => ({ text: `go ${exit.direction}`, intent: 'move' }));
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
