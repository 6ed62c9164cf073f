import type { IntentAction } from '../../contracts/intent.ts';
import type { ViewExit, ViewNpc, WorldView } from '../../contracts/world-view.ts';
import { nameWords } from '../../sessions/world/names.ts';
import { sentencesOf } from './sentences.ts';
import { waysClause } from './fillings.ts';
import { ACQUAINTANCE, PEOPLE_HERE, THINGS_HERE, WAYS_ON } from './grammar/closings.ts';
import { FEELING_GROUPS, FEELING_SUPPORT, type FeelingGroup } from './grammar/feelings.ts';
import {
  CARRYING,
  EMPTY_HANDS,
  HELP_TEXT,
  QUIT_TEXT,
  SAVE_TEXT,
  STATUS_NOWHERE,
  STATUS_TEXT,
} from './grammar/meta.ts';
import { LIES_THERE, NOBODY_HERE } from './grammar/replies.ts';
import { UNSEEN } from './grammar/refusals.ts';
import type { Picker } from './select.ts';
import type { Line } from './tell-outcomes.ts';
import { listOf, withA, withThe } from './words.ts';

/** What an action shows that the world did not have to change for; null when there is nothing to add. */
export function tellAction(
  action: IntentAction,
  view: WorldView | null,
  views: readonly WorldView[],
  turn: number,
  picker: Picker,
): Line | null {
  switch (action.intent) {
    case 'look':
      return view === null ? null : tellLookFor(action, view, picker);
    case 'examine':
      // What is asked back is not there to be missed.
      return action.needs_clarification ? null : tellExamine(action, views, picker);
    case 'inventory':
      return tellInventory(view, picker);
    case 'status':
      return same(
        view === null
          ? picker.pick('meta.status_nowhere', STATUS_NOWHERE, { turn: `${turn}` })
          : picker.pick('meta.status', STATUS_TEXT, {
              place: withThe(view.location.name),
              mood: view.location.mood,
              turn: `${turn}`,
            }),
      );
    case 'help':
      return same(picker.pick('meta.help', HELP_TEXT));
    case 'save':
      return same(picker.pick('meta.save', SAVE_TEXT));
    case 'quit':
      return same(picker.pick('meta.quit', QUIT_TEXT));
    case 'express_emotion':
      return same(tellSupport(action, picker));
    default:
      return null;
  }
}

/** A disposition that took several good talks. */
const WARM_FROM = 0.3;

/** A feeling told to somebody who is not there is still heard by the story. */
export function tellSupport(action: IntentAction, picker: Picker): string {
  return picker.pick(`support.${feelingGroupOf(action)}`, FEELING_SUPPORT[feelingGroupOf(action)]);
}

export function feelingGroupOf(action: IntentAction): FeelingGroup | 'unnamed' {
  return action.emotion === undefined ? 'unnamed' : FEELING_GROUPS[action.emotion];
}

/** The whole place, or only what was asked for: who is here, where ways lead, where a place is. */
function tellLookFor(action: IntentAction, view: WorldView, picker: Picker): Line {
  const exit = view.location.exits.find(({ to_id }) => to_id === action.place_ref);
  if (exit !== undefined) return same(picker.pick('look.there', LIES_THERE, thereOf(exit)));
  if (action.topic === 'ways') return same(picker.pick('look.ways', WAYS_ON, { ways: waysClause(view) }));
  if (action.topic !== 'people') return tellLook(view, picker);
  if (view.npcs.length === 0) return same(picker.pick('look.nobody', NOBODY_HERE));
  const people = listOf(view.npcs.map((npc) => withThe(npc.name)));
  return same(picker.pick('look.people', PEOPLE_HERE, { people }));
}

function thereOf({ to_name, direction }: ViewExit): { place: string; direction: string } {
  return { place: withThe(to_name), direction };
}

function tellLook(view: WorldView, picker: Picker): Line {
  const parts = [`You are at ${withThe(view.location.name)}. ${view.location.description}`];
  const things = view.objects.map((object) => withA(object.name));
  const people = view.npcs.map((npc) => withThe(npc.name));
  if (things.length > 0) parts.push(picker.pick('look.things', THINGS_HERE, { things: listOf(things) }));
  if (people.length > 0) parts.push(picker.pick('look.people', PEOPLE_HERE, { people: listOf(people) }));
  parts.push(picker.pick('look.ways', WAYS_ON, { ways: waysClause(view) }));
  // Short of room, the description gives way before what can be done here.
  const [firstSentence = ''] = sentencesOf(view.location.description);
  const brief = [`You are at ${withThe(view.location.name)}. ${firstSentence}`.trim(), ...parts.slice(1)];
  return { full: parts.join(' '), brief: brief.join(' ') };
}

function tellExamine(action: IntentAction, views: readonly WorldView[], picker: Picker): Line {
  const ref = action.object_ref ?? action.npc_ref ?? action.place_ref;
  for (const view of views) {
    const object = [...view.objects, ...view.inventory].find((candidate) => candidate.id === ref);
    if (object !== undefined) {
      const state = object.openable ? ` It is ${object.open ? 'open' : 'closed'}.` : '';
      return { full: `${object.description}${state}`, brief: object.description };
    }
    const npc = view.npcs.find((candidate) => candidate.id === ref);
    if (npc !== undefined) {
      return { full: `${npc.description} ${tellAcquaintance(npc, picker)}`.trim(), brief: npc.description };
    }
    if (view.location.id === ref) return tellPart(action, view) ?? tellLook(view, picker);
    const exit = view.location.exits.find((candidate) => candidate.to_id === ref);
    if (exit !== undefined) return same(picker.pick('look.there', LIES_THERE, thereOf(exit)));
  }
  return same(picker.pick('refusal.unseen', UNSEEN));
}

/** What is said of it in the description of the place. */
function tellPart({ place }: IntentAction, { location }: WorldView): Line | undefined {
  const noun = nameWords(place ?? '').at(-1) ?? '';
  const said = sentencesOf(location.description).filter((sentence) => nameWords(sentence).includes(noun));
  const isName = [location.name, ...location.aliases].some((name) => nameWords(name).includes(noun));
  return isName || said.length === 0 ? undefined : same(said.join(' '));
}

/** How the two stand with each other. */
function tellAcquaintance({ met, disposition }: ViewNpc, picker: Picker): string {
  const degree = disposition < 0 ? 'wary' : !met ? 'stranger' : disposition >= WARM_FROM ? 'warm' : 'known';
  return picker.pick(`scene.acquaintance_${degree}`, ACQUAINTANCE[degree]);
}

function tellInventory(view: WorldView | null, picker: Picker): Line {
  const items = view?.inventory ?? [];
  if (items.length === 0) return same(picker.pick('meta.empty_hands', EMPTY_HANDS));
  return same(
    picker.pick('meta.carrying', CARRYING, {
      things: listOf(
        items.map((item) => withA(item.name)),
        12,
      ),
    }),
  );
}

function same(text: string): Line {
  return { full: text, brief: text };
}
