import { IpaOutput, lastEntityOf, type IpaInput } from '../../contracts/intent.ts';
import { NgaOutput, type NgaInput } from '../../contracts/narrative.ts';
import type { RetryPolicy } from '../../contracts/retry.ts';
import type { TurnInput } from '../../contracts/turn.ts';
import { WbaOutput, type WbaInput, type WorldView } from '../../contracts/world.ts';
import { FleetError } from '../../kernel/errors.ts';
import { viewOf } from '../../sessions/world/view.ts';
import type { CallbackFacts, RunReply, StepDefinition } from '../definition.ts';
import type { CatalogSettings } from './settings.ts';

type Facts = CallbackFacts<TurnInput>;
type Results = Pick<Facts, 'input' | 'results' | 'session'>;

const REMEMBERED_TURNS = 5;

export function ipaStep(settings: CatalogSettings, retry: RetryPolicy): StepDefinition<TurnInput> {
  return {
    id: 'ipa',
    agent: 'ipa',
    timeoutMs: settings.stepTimeoutMs.ipa,
    retry,
    recentTurns: 0,
    input: ({ input, session, world }: Facts): IpaInput => ({
      text: input.text,
      view: world === null ? null : viewOf(world),
      last_entity: session?.lastEntity ?? null,
    }),
  };
}

export function wbaStep(settings: CatalogSettings, retry: RetryPolicy): StepDefinition<TurnInput> {
  return {
    id: 'wba',
    agent: 'wba',
    timeoutMs: settings.stepTimeoutMs.wba,
    retry,
    recentTurns: 0,
    input: (facts: Facts): WbaInput => {
      const operations = facts.input.operations ?? [];
      return {
        world_id: requireWorldId(facts),
        action: 'update',
        operations,
        // Operations that were sent win; otherwise they follow from what the player meant.
        ...(operations.length > 0 ? {} : { intent: intentOf(facts) }),
      };
    },
  };
}

export function ngaStep(settings: CatalogSettings, retry: RetryPolicy): StepDefinition<TurnInput> {
  return {
    id: 'nga',
    agent: 'nga',
    timeoutMs: settings.stepTimeoutMs.nga,
    retry,
    recentTurns: REMEMBERED_TURNS,
    input: (facts: Facts): NgaInput => ({
      player_text: facts.input.text,
      intent: intentOf(facts),
      world: worldOf(facts),
      view: facts.world === null ? null : viewOf(facts.world),
      recent_turns: facts.recentTurns.map((turn) => ({
        turn: turn.turn,
        text: turn.text,
        intent: turn.intent as NgaInput['recent_turns'][number]['intent'],
        response_text: turn.response_text,
        template_ids: turn.template_ids,
      })),
      emotional_state: facts.session?.emotionalState ?? null,
      therapeutic_context: facts.session?.therapeuticContext ?? null,
      session_id: facts.session?.sessionId ?? null,
      turn: (facts.session?.turn ?? 0) + 1,
    }),
  };
}

/** What was understood: by the IPA step when there is one, else before the run began. */
export function intentOf(facts: Results): IpaOutput | null {
  const result = facts.results['ipa'];
  return result === undefined ? (facts.input.intent ?? null) : IpaOutput.parse(result);
}

export function worldOf(facts: Results): WbaOutput | null {
  const result = facts.results['wba'];
  return result === undefined ? null : WbaOutput.parse(result);
}

export function storyOf(facts: Results): NgaOutput {
  return NgaOutput.parse(facts.results['nga']);
}

/** What every turn leaves in its session, whoever told it. */
export function sessionEffects(facts: Results): Pick<RunReply, 'intent' | 'lastEntity' | 'emotionalState'> {
  const intent = intentOf(facts);
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

function requireWorldId(facts: Facts): string {
  const worldId = facts.session?.worldId ?? facts.world?.world_id;
  if (worldId !== undefined) return worldId;
  throw new FleetError({
    code: 'session_required',
    kind: 'invalid_input',
    message: 'the world builder needs a session: start the run with a session_id',
  });
}
