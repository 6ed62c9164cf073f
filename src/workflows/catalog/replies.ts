import { lastEntityOf, type Intent, type IpaOutput } from '../../contracts/intent.ts';
import { NgaOutput, type NgaInput } from '../../contracts/narrative.ts';
import type { TurnInput } from '../../contracts/turn.ts';
import { WbaOutput } from '../../contracts/world.ts';
import type { WorldView } from '../../contracts/world-view.ts';
import { viewOf } from '../../sessions/world/view.ts';
import type { ReplyFacts, RunReply } from '../definition.ts';
import { intentOf, narrativeInputOf } from './steps.ts';

type Facts = ReplyFacts<TurnInput>;

/**
 * The local narrator: a pure function, so that a reply can be told while a run is settled. Definitions without one are
 * told plainly.
 */
export type Narrate = (input: NgaInput) => NgaOutput;

const META: ReadonlySet<Intent> = new Set<Intent>(['help', 'status', 'inventory', 'save', 'quit']);
const LOOKING: ReadonlySet<Intent> = new Set<Intent>(['look', 'examine']);

/** The answer to a command about the game itself; of any other line what was understood, said back. */
export function tellIntent(facts: Facts, narrate?: Narrate): RunReply {
  const intent = intentIn(facts);
  if (narrate !== undefined && isAll(intent, META)) return narrated(facts, narrate, 'ipa');
  return {
    ...sessionEffects(facts),
    responseText: `Understood as "${intent?.intent ?? 'unknown'}".`,
    nextActions: (intent?.alternatives ?? []).map(({ text, intent: meant }) => ({ text, intent: meant })),
    worldState: viewIn(facts),
    lastAgent: 'ipa',
  };
}

/** What the player looks at; after anything else, what can be seen now. */
export function tellWorld(facts: Facts, narrate?: Narrate): RunReply {
  const world = worldIn(facts);
  const isLook = isAll(intentIn(facts), LOOKING) && world?.applied.length === 0;
  if (narrate !== undefined && isLook) return narrated(facts, narrate, 'wba');
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
    worldState: viewIn(facts),
    lastAgent: 'nga',
    ...keptOf(facts, story),
  };
}

/**
 * What a turn says that has failed. What its steps did before stays done, so it does not claim that nothing happened;
 * it changes nothing itself.
 */
export function tellFailure(facts: Facts): RunReply {
  const world = worldIn(facts);
  const hasActed = world !== null && world.applied.length > 0;
  const agents = ['nga', 'wba', 'ipa'] as const;
  return {
    ...sessionEffects(facts),
    responseText: hasActed ? ACTED : UNCHANGED,
    nextActions: [{ text: 'look around', intent: 'look' }],
    worldState: viewIn(facts),
    lastAgent: agents.find((agent) => facts.results[agent] !== undefined) ?? 'ipa',
  };
}

const ACTED =
  'I am here with you. What you did has happened, but the words for it would not come to me just now. ' +
  'Take a breath; when you are ready, look around and go on.';
const UNCHANGED =
  'I am here with you. I could not follow that just now, and nothing around you has changed. ' +
  'Take a breath; when you are ready, try again, perhaps in other words.';

/** A turn that was told without asking the narrator. */
function narrated(facts: Facts, narrate: Narrate, lastAgent: RunReply['lastAgent']): RunReply {
  const { ipa, wba } = facts.results;
  const story = narrate(narrativeInputOf({ input: facts.input, ipa, wba }, facts.around));
  return {
    ...sessionEffects(facts),
    responseText: story.story,
    nextActions: story.choices.map(({ text, intent }) => ({ text, intent })),
    worldState: viewIn(facts),
    lastAgent,
    ...keptOf(facts, story),
  };
}

/** What history and memory keep of a story. */
function keptOf(
  facts: Facts,
  story: NgaOutput,
): Pick<RunReply, 'tone' | 'themes' | 'templateIds' | 'remembered'> {
  return {
    tone: story.tone,
    themes: story.themes,
    templateIds: story.template_ids,
    remembered: { ...rememberedOf(facts), elements: story.therapeutic_elements },
  };
}

function isAll(intent: IpaOutput | null, wanted: ReadonlySet<Intent>): boolean {
  return intent !== null && intent.actions.every((action) => wanted.has(action.intent));
}

/** Where the player stands: as the world builder left it, else as it is where the run looked around. */
function viewIn(facts: Facts): WorldView | null {
  const built = worldIn(facts)?.world_state;
  if (built !== undefined) return built;
  const { world } = facts.around;
  return world === null ? null : viewOf(world);
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
  const view = viewIn(facts);
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
