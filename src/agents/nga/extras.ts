import type { IntentAction } from '../../contracts/intent.ts';
import type { NgaInput } from '../../contracts/narrative.ts';
import type { ViewNpc, WorldView } from '../../contracts/world-view.ts';
import { thingFillings } from './fillings.ts';
import {
  CARRIED,
  PEOPLE_HERE,
  PRESENCE,
  REFLECTIONS,
  REUNION,
  THINGS_HERE,
  WARY,
} from './grammar/closings.ts';
import { FEELING_GROUPS, FEELING_SUPPORT } from './grammar/feelings.ts';
import { ANY_SCENERY, SCENERY, SCENERY_AT, TONE_SCENERY } from './grammar/scenery.ts';
import type { Guidance } from './guidance.ts';
import { isMeta } from './meta.ts';
import type { Picker, Variants } from './select.ts';
import { listOf, withA, withThe } from './words.ts';

/** What may be added, best first: the place on arrival, people one knows, the senses, a thought, what one carries. */
export function tellExtras(
  input: NgaInput,
  main: IntentAction,
  view: WorldView | null,
  guidance: Guidance,
  picker: Picker,
): string[] {
  if (isMeta(main.intent) || main.intent === 'unknown' || main.needs_clarification) return [];
  const hasArrived = input.world?.applied.some((done) => done.op === 'move_player') === true;
  const isQuiet = main.intent === 'rest' || main.intent === 'wait' || main.intent === 'continue';
  const thoughts = [guidance.thought, guidance.memory].filter((text) => text !== '');
  if (main.intent === 'express_emotion')
    return hasArrived && view !== null ? arrival(input, view, picker) : [];
  const parts: string[] = [];
  if (view !== null && hasArrived) parts.push(...arrival(input, view, picker));
  if (isQuiet) parts.push(...(thoughts.length > 0 ? thoughts : [reflection(input, picker)]));
  if (view !== null && main.intent !== 'look' && main.intent !== 'examine') {
    if (isQuiet) parts.push(presence(input, view, picker));
    parts.push(senses(input, view, picker));
  }
  if (!isQuiet) parts.push(...thoughts);
  if (view !== null && hasArrived) parts.push(carried(input, view, picker));
  return parts;
}

/** A place one knows is not described from the beginning each time. */
function arrival(input: NgaInput, view: WorldView, picker: Picker): string[] {
  const isNew = input.world?.applied.some((done) => done.first_visit === true || done.discovered === true);
  const description =
    isNew === true || picker.chance('description') % 4 === 0 ? view.location.description : '';
  // Whoever the player has just dealt with needs no greeting, and was not known before.
  const dealtWith = new Set(input.world?.applied.map((done) => done.npc_id));
  const present = view.npcs.filter((npc) => !dealtWith.has(npc.id));
  const friend = present.find((npc) => npc.met);
  const others = present.filter((npc) => npc !== friend).map((npc) => withThe(npc.name));
  const things = view.objects.map((object) => withA(object.name));
  return [
    description,
    friend === undefined ? '' : tellReunion(friend, picker),
    others.length > 0 ? picker.pick('look.people', PEOPLE_HERE, { people: listOf(others) }) : '',
    things.length > 0 ? picker.pick('look.things', THINGS_HERE, { things: listOf(things) }) : '',
  ];
}

function tellReunion(npc: ViewNpc, picker: Picker): string {
  const person = withThe(npc.name);
  if (npc.disposition < 0) return picker.pick('scene.wary', WARY, { person });
  return picker.pick('scene.reunion', REUNION, { person });
}

/** What the senses find: the place's own, its theme's, or the tone the story was asked to have. */
function senses(input: NgaInput, view: WorldView, picker: Picker): string {
  const tone = input.style?.tone;
  if (tone !== undefined && picker.chance('tone') % 2 === 0) {
    return picker.pick(`tone.${tone}`, TONE_SCENERY[tone] ?? ANY_SCENERY);
  }
  const kind = view.location.name.toLowerCase().split(' ').at(-1) ?? '';
  const own = SCENERY_AT[kind];
  const ofTheme = SCENERY[view.location.theme];
  if (own === undefined && ofTheme === undefined) return picker.pick('scene.any', ANY_SCENERY);
  const isOwn = ofTheme === undefined || (own !== undefined && picker.chance('scene') % 2 === 0);
  return isOwn
    ? picker.pick(`scene.at_${kind}`, own ?? ANY_SCENERY)
    : picker.pick(`scene.${view.location.theme}`, ofTheme);
}

function presence(input: NgaInput, view: WorldView, picker: Picker): string {
  const npc = view.npcs[input.turn % Math.max(1, view.npcs.length)];
  if (npc === undefined) return '';
  const person = withThe(npc.name);
  const variants: Variants = npc.disposition < 0 ? WARY : PRESENCE;
  return picker.pick(npc.disposition < 0 ? 'scene.wary' : 'scene.presence', variants, {
    person,
    mood: npc.mood,
  });
}

function carried(input: NgaInput, view: WorldView, picker: Picker): string {
  const thing = view.inventory[input.turn % Math.max(1, view.inventory.length)];
  if (thing === undefined || picker.recentUses('scene.carried') > 0) return '';
  return picker.pick('scene.carried', CARRIED, thingFillings(thing.name));
}

/** Quiet turns answer to the feeling the session last knew of. */
function reflection(input: NgaInput, picker: Picker): string {
  const group = Object.entries(FEELING_GROUPS).find(([emotion]) => emotion === input.emotional_state)?.[1];
  if (group === undefined) return picker.pick('scene.reflection', REFLECTIONS);
  return picker.pick(`support.${group}`, FEELING_SUPPORT[group]);
}
