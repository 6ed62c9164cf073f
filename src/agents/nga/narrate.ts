import type { IntentAction } from '../../contracts/intent.ts';
import {
  DEFAULT_STORY_CHARS,
  type Choice,
  type NgaInput,
  type NgaOutput,
} from '../../contracts/narrative.ts';
import type { WorldView } from '../../contracts/world-view.ts';
import { choicesFor } from './choices.ts';
import { fitStory } from './fit.ts';
import {
  INVITATIONS,
  PEOPLE_HERE,
  PRESENCE,
  REFLECTIONS,
  SUGGESTIONS,
  THINGS_HERE,
  WHAT_EXACTLY,
  WHICH_ONE,
} from './grammar/closings.ts';
import { FEELING_GROUPS, FEELING_INVITATIONS, FEELING_SUPPORT } from './grammar/feelings.ts';
import { TOO_MANY } from './grammar/refusals.ts';
import { ANY_SCENERY, SCENERY } from './grammar/scenery.ts';
import { elementsOf, toneOf } from './mood.ts';
import { createPicker, type Picker } from './select.ts';
import { tellOpening } from './tell-actions.ts';
import { tellTurn } from './tell-turn.ts';
import { listOf, withA, withThe } from './words.ts';

const WORDS_PER_SECOND = 200 / 60;
const META = new Set(['help', 'save', 'quit', 'status', 'inventory', 'unknown']);

/**
 * Tell one turn: what the player did, what changed, what could not be, what it is like here, and an open end.
 * Only what the view holds is named; the same input always gives the same story.
 *
 * Source: spec, workflows 3.3
 */
export function narrate(input: NgaInput): NgaOutput {
  const view = input.world?.world_state ?? input.view;
  const views = [view, input.view].filter((candidate) => candidate !== null);
  const picker = createPicker(input, view?.seed ?? view?.world_id ?? '');
  const actions = input.intent?.actions ?? [CONTINUE];
  const main = actions[0] ?? CONTINUE;
  const choices = choicesFor(view, main, view?.seed ?? '', input.session_id ?? '', input.turn);
  const opening = tellOpening(main, views, picker);
  const must = tellTurn(input, actions, view, views, picker);
  if ((input.intent?.dropped_actions ?? 0) > 0) must.push(brief(picker.pick('refusal.too_many', TOO_MANY)));
  const closing = tellClosing(input, main, actions, choices, picker);
  const may = extras(input, main, view, picker);
  const story = fitStory({ opening, must, may, closing }, input.style?.max_chars ?? DEFAULT_STORY_CHARS);
  const wordCount = story.split(/\s+/).length;
  return {
    story,
    tone: toneOf(main, input.world, view),
    themes: [...new Set([view?.location.theme, main.emotion].filter((theme) => theme !== undefined))],
    therapeutic_elements: elementsOf(actions, input.world),
    choices,
    word_count: wordCount,
    reading_time_s: Math.max(1, Math.round(wordCount / WORDS_PER_SECOND)),
    source: 'local',
    template_ids: [...picker.templateIds],
    degraded: false,
  };
}

/** A turn without player text, such as one begun by an operator, simply goes on. */
const CONTINUE: IntentAction = { intent: 'continue', confidence: 1, text: '', needs_clarification: false };

function tellClosing(
  input: NgaInput,
  main: IntentAction,
  actions: readonly IntentAction[],
  choices: readonly Choice[],
  picker: Picker,
): string {
  const unclear = actions.find((action) => action.needs_clarification);
  if (unclear?.intent === 'unknown') {
    const guesses = input.intent?.alternatives.map((alternative) => alternative.text) ?? [];
    const commands = [...new Set([...guesses, ...choices.map((choice) => decapitalized(choice.text))])];
    return picker.pick('closing.suggestion', SUGGESTIONS, { options: quoted(commands.slice(0, 3)) });
  }
  if (unclear !== undefined) {
    const options = input.intent?.alternatives.map((alternative) => alternative.text) ?? [];
    if (options.length === 0) return picker.pick('closing.what', WHAT_EXACTLY);
    return picker.pick('closing.which', WHICH_ONE, { options: quoted(options) });
  }
  if (main.intent === 'express_emotion') return picker.pick('closing.feeling', FEELING_INVITATIONS);
  return picker.pick('closing.invitation', INVITATIONS);
}

/** What may be added, best first: the place on arrival, then the senses, the people, a thought. */
function extras(input: NgaInput, main: IntentAction, view: WorldView | null, picker: Picker): string[] {
  if (META.has(main.intent) || main.needs_clarification) return [];
  const arrived = input.world?.applied.some((done) => done.op === 'move_player') === true;
  const isQuiet = main.intent === 'rest' || main.intent === 'wait' || main.intent === 'continue';
  const parts: string[] = [];
  if (view !== null && arrived) parts.push(...arrival(view, picker));
  if (isQuiet) parts.push(thought(input, picker));
  if (main.intent === 'express_emotion') return parts;
  if (view !== null && main.intent !== 'look' && main.intent !== 'examine') {
    const scenery = SCENERY[view.location.theme];
    parts.push(
      scenery === undefined
        ? picker.pick('scene.any', ANY_SCENERY)
        : picker.pick(`scene.${view.location.theme}`, scenery),
    );
    const npc = view.npcs[input.turn % Math.max(1, view.npcs.length)];
    if (npc !== undefined && isQuiet) {
      parts.push(picker.pick('scene.presence', PRESENCE, { person: withThe(npc.name), mood: npc.mood }));
    }
  }
  return parts;
}

function arrival(view: WorldView, picker: Picker): string[] {
  const parts = [view.location.description];
  const things = view.objects.map((object) => withA(object.name));
  const people = view.npcs.map((npc) => withThe(npc.name));
  if (people.length > 0) parts.push(picker.pick('look.people', PEOPLE_HERE, { people: listOf(people) }));
  if (things.length > 0) parts.push(picker.pick('look.things', THINGS_HERE, { things: listOf(things) }));
  return parts;
}

/** Quiet turns answer to the feeling the session last knew of. */
function thought(input: NgaInput, picker: Picker): string {
  const group = Object.entries(FEELING_GROUPS).find(([emotion]) => emotion === input.emotional_state)?.[1];
  if (group === undefined) return picker.pick('scene.reflection', REFLECTIONS);
  return picker.pick(`support.${group}`, FEELING_SUPPORT[group]);
}

function quoted(commands: readonly string[]): string {
  return listOf(
    commands.map((command) => `“${command}”`),
    3,
    'or',
  );
}

function decapitalized(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function brief(text: string): { full: string; brief: string } {
  return { full: text, brief: text };
}
