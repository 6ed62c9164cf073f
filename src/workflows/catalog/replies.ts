import { lastEntityOf, type IpaOutput } from '../../contracts/intent.ts';
import { NgaOutput } from '../../contracts/narrative.ts';
import type { TurnInput } from '../../contracts/turn.ts';
import { WbaOutput, type WorldView } from '../../contracts/world.ts';
import type { ReplyFacts, RunReply } from '../definition.ts';
import { intentOf } from './steps.ts';

type Facts = ReplyFacts<TurnInput>;

/** What was understood, said back. */
export function tellIntent(facts: Facts): RunReply {
  const intent = intentIn(facts);
  return {
    ...sessionEffects(facts),
    responseText: `Understood as "${intent?.intent ?? 'unknown'}".`,
    nextActions: (intent?.alternatives ?? []).map(({ text, intent: meant }) => ({ text, intent: meant })),
    worldState: null,
    lastAgent: 'ipa',
  };
}

/** What can be seen now. */
export function tellWorld(facts: Facts): RunReply {
  const world = worldIn(facts);
  return {
    ...sessionEffects(facts),
    responseText: world?.description ?? '',
    nextActions: exitsAsActions(world?.world_state ?? null),
    worldState: world?.world_state ?? null,
    lastAgent: 'wba',
  };
}

/** The story, and the world when it was looked at. */
export function tellStory(facts: Facts): RunReply {
  const story = NgaOutput.parse(facts.results['nga']);
  return {
    ...sessionEffects(facts),
    responseText: story.story,
    nextActions: story.choices.map(({ text, intent }) => ({ text, intent })),
    worldState: worldIn(facts)?.world_state ?? null,
    lastAgent: 'nga',
    tone: story.tone,
    themes: story.themes,
    templateIds: story.template_ids,
    remembered: { ...rememberedOf(facts), elements: story.therapeutic_elements },
  };
}

function intentIn(facts: Facts): IpaOutput | null {
  return intentOf(facts.input, facts.results['ipa']);
}

function worldIn(facts: Facts): WbaOutput | null {
  const result = facts.results['wba'];
  return result === undefined ? null : WbaOutput.parse(result);
}

/** What every turn leaves in its session, whoever told it. */
function sessionEffects(
  facts: Facts,
): Pick<RunReply, 'intent' | 'lastEntity' | 'emotionalState' | 'remembered'> {
  const intent = intentIn(facts);
  return {
    intent: intent?.intent ?? null,
    lastEntity: (intent === null ? null : lastEntityOf(intent)) ?? facts.session?.lastEntity ?? null,
    emotionalState: intent?.emotion ?? facts.session?.emotionalState ?? null,
    remembered: rememberedOf(facts),
  };
}

function rememberedOf(facts: Facts): NonNullable<RunReply['remembered']> {
  const intent = intentIn(facts);
  const view = worldIn(facts)?.world_state ?? null;
  const { id, name } = view?.location ?? {};
  const met = intent?.actions.findLast(({ npc_ref: ref }) => ref !== undefined)?.npc_ref;
  const person = view?.npcs.find((npc) => npc.id === met);
  return {
    feeling: intent?.emotion ?? null,
    topic: intent?.topic ?? null,
    place: id === undefined || name === undefined ? null : { id, name },
    person: person === undefined ? null : { id: person.id, name: person.name },
  };
}

/** Choices that fit a view when no narrator proposes any. */
function exitsAsActions(view: WorldView | null): RunReply['nextActions'] {
  return (view?.location.exits ?? [])
    .slice(0, 4)
    .map((exit) => ({ text: `go ${exit.direction}`, intent: 'move' }));
}
