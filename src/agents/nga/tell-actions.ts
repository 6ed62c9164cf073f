import type { IntentAction } from '../../contracts/intent.ts';
import type { WorldView } from '../../contracts/world-view.ts';
import { seededHash } from '../../sessions/world/seeded.ts';
import { personName, targetName, thingFillings } from './fillings.ts';
import { PEOPLE_HERE, THINGS_HERE, WAYS_ON } from './grammar/closings.ts';
import { FEELING_GROUPS, FEELING_OPENINGS, FEELING_SUPPORT } from './grammar/feelings.ts';
import {
  CARRYING,
  EMPTY_HANDS,
  HELP_TEXT,
  QUIT_TEXT,
  SAVE_TEXT,
  STATUS_NOWHERE,
  STATUS_TEXT,
} from './grammar/meta.ts';
import { OPENINGS, UNCLEAR_OPENINGS } from './grammar/openings.ts';
import { UNSEEN } from './grammar/refusals.ts';
import { HEARD, TEMPERS, VOICES, type Voice } from './grammar/voices.ts';
import { waysClause } from './fillings.ts';
import type { Picker } from './select.ts';
import type { Line } from './tell-outcomes.ts';
import { echoed, listOf, withA, withThe } from './words.ts';

/** The first sentence of the story: what the player set out to do. */
export function tellOpening(action: IntentAction, views: readonly WorldView[], picker: Picker): string {
  if (action.intent === 'express_emotion') return tellFeeling(action, picker);
  if (action.needs_clarification && action.intent !== 'unknown') {
    return picker.pick('opening.unclear', UNCLEAR_OPENINGS);
  }
  return picker.pick(`opening.${action.intent}`, OPENINGS[action.intent], {
    ...thingFillings(targetName(action, views)),
    person: withThe(personName(action, views)),
    way: action.direction ?? `towards ${withThe(targetName(action, views))}`,
  });
}

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
      return view === null ? null : tellLook(view, picker);
    case 'examine':
      return tellExamine(action, views, picker);
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

/** Topics that are sentences of their own and would not fit into one of ours. */
const WHOLE_CLAUSE = /^(i|i'm|i've|im|that|if|to|we|you|he|she|they|it)\b/;

/** What the person answers, after the change in the world has been told. */
export function tellReply(action: IntentAction, npc: Addressee, seed: string, picker: Picker): string {
  if (action.emotion !== undefined) return picker.pick('voice.heard', HEARD, { emotion: action.emotion });
  const [name, voice] = voiceOf(npc.id, seed);
  const topic = echoed(action.topic, '');
  const person = withThe(npc.name);
  return topic !== '' && !WHOLE_CLAUSE.test(topic)
    ? picker.pick(`voice.${name}.topic`, voice.onTopic, { topic, person })
    : picker.pick(`voice.${name}`, voice.says, { person });
}

interface Addressee {
  readonly id: string;
  readonly name: string;
}

/** People keep their way of talking for life: it depends on the world and on who they are. */
function voiceOf(npcId: string, seed: string): [name: string, voice: Voice] {
  const known = VOICES[npcId];
  if (known !== undefined) return [npcId, known];
  const temper = seededHash(seed, npcId, 'temper') % TEMPERS.length;
  return [`temper${temper}`, TEMPERS[temper] ?? TEMPERS[0]];
}

function tellFeeling(action: IntentAction, picker: Picker): string {
  const group = groupOf(action);
  return picker.pick(`opening.feeling_${group}`, FEELING_OPENINGS[group], { emotion: action.emotion ?? '' });
}

/** A feeling told to somebody who is not there is still heard by the story. */
export function tellSupport(action: IntentAction, picker: Picker): string {
  return picker.pick(`support.${groupOf(action)}`, FEELING_SUPPORT[groupOf(action)]);
}

function groupOf(action: IntentAction): keyof typeof FEELING_OPENINGS {
  return action.emotion === undefined ? 'unnamed' : FEELING_GROUPS[action.emotion];
}

function tellLook(view: WorldView, picker: Picker): Line {
  const parts = [`You are at ${withThe(view.location.name)}. ${view.location.description}`];
  const things = view.objects.map((object) => withA(object.name));
  const people = view.npcs.map((npc) => withThe(npc.name));
  if (things.length > 0) parts.push(picker.pick('look.things', THINGS_HERE, { things: listOf(things) }));
  if (people.length > 0) parts.push(picker.pick('look.people', PEOPLE_HERE, { people: listOf(people) }));
  parts.push(picker.pick('look.ways', WAYS_ON, { ways: waysClause(view) }));
  return { full: parts.join(' '), brief: parts.slice(0, 1).join(' ') };
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
    if (npc !== undefined) return same(npc.description);
    if (view.location.id === ref) return tellLook(view, picker);
    const exit = view.location.exits.find((candidate) => candidate.to_id === ref);
    if (exit !== undefined) return same(`From here you can only tell that it lies ${exit.direction}.`);
  }
  return same(picker.pick('refusal.unseen', UNSEEN));
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
