import type { Intent, IntentAction } from '../../contracts/intent.ts';
import type { NgaInput, RecentTurn } from '../../contracts/narrative.ts';
import type { Direction, WorldView } from '../../contracts/world-view.ts';
import {
  isBackdrop,
  isEverything,
  nameIn,
  personName,
  targetName,
  targetOf,
  thingFillings,
} from './fillings.ts';
import { FEELING_OPENINGS } from './grammar/feelings.ts';
import { GESTURES, type Gesture } from './grammar/gestures.ts';
import { OPENINGS } from './grammar/openings.ts';
import { LOOK_AGAIN, SEARCHING, STILL_UNKNOWN, UNCLEAR_OPENINGS } from './grammar/openings-instead.ts';
import { OPENINGS_WITH_THINGS } from './grammar/openings-with-things.ts';
import { TALKING_ON } from './grammar/openings-talking-on.ts';
import { PASTIMES, SENSING } from './grammar/inward.ts';
import type { Picker } from './select.ts';
import { feelingGroupOf } from './tell-actions.ts';
import { withThe } from './words.ts';

/** The first sentence of the story: what the player set out to do. */
export function tellOpening(
  action: IntentAction,
  views: readonly WorldView[],
  { recent_turns: recent }: Pick<NgaInput, 'recent_turns'>,
  picker: Picker,
): string {
  if (action.intent === 'express_emotion') return tellFeeling(action, picker);
  const isRepeated = recent.at(-1)?.intent === action.intent;
  if (isRepeated && action.intent === 'look') return picker.pick('opening.look_again', LOOK_AGAIN);
  if (isRepeated && action.intent === 'unknown') return picker.pick('opening.still_unknown', STILL_UNKNOWN);
  if (action.needs_clarification && action.intent !== 'unknown') {
    return picker.pick('opening.unclear', UNCLEAR_OPENINGS);
  }
  if (isOutOfSight(action, views)) {
    return picker.pick('opening.searching', SEARCHING, { thing: withThe(targetName(action, views)) });
  }
  const person = withThe(personName(action, views));
  if (action.intent === 'examine' && isPerson(action, views)) {
    return picker.pick('opening.examine_person', OPENINGS_WITH_THINGS.examine_person, { person });
  }
  const gesture = action.intent === 'talk_to' ? gestureOf(action) : undefined;
  if (gesture !== undefined) return picker.pick(`opening.${gesture.name}`, gesture.openings, { person });
  if (action.intent === 'rest' && action.object !== undefined) {
    return picker.pick('opening.sensing', SENSING, thingFillings(ownWords(action.object, action.text)));
  }
  const pastime = action.intent === 'rest' ? begunBy(action, PASTIMES) : undefined;
  if (pastime !== undefined) return picker.pick(`opening.${pastime.name}`, pastime.openings);
  if ((action.intent === 'talk_to' || action.intent === 'ask') && isTalkingOn(person, recent.at(-1))) {
    return picker.pick(`opening.${action.intent}_on`, TALKING_ON[action.intent], { person });
  }
  return picker.pick(`opening.${action.intent}`, OPENINGS[action.intent], {
    ...thingFillings(targetName(action, views)),
    person,
    way: wayOf(action, views),
  });
}

/** "my hands" are the player's. */
function ownWords(object: string, text: string): string {
  return text.toLowerCase().includes(`my ${object}`) ? `your ${object}` : object;
}

/** The turn before was a talk, and with the same person as far as its story says. */
function isTalkingOn(person: string, last: RecentTurn | undefined): boolean {
  const wasTalk = last?.template_ids?.some((id) => /^outcome\.(meet|warm|mend)\./.test(id)) === true;
  return wasTalk && (last.response_text?.split('\n\n')[0] ?? '').includes(person);
}

function isPerson(action: IntentAction, views: readonly WorldView[]): boolean {
  return views.some(({ npcs }) => npcs.some(({ id }) => id === action.npc_ref));
}

/** The verb stands near the beginning; what comes later may be what is talked about. */
const GESTURE_REACH_WORDS = 4;
const SPOKEN = /^(talk|speak|tell|ask|say|chat) /i;

function gestureOf(action: IntentAction): Gesture | undefined {
  return action.topic !== undefined && SPOKEN.test(action.text) ? undefined : begunBy(action, GESTURES);
}

function begunBy({ text }: IntentAction, gestures: readonly Gesture[]): Gesture | undefined {
  const start = text.toLowerCase().split(/\s+/).slice(0, GESTURE_REACH_WORDS).join(' ');
  return gestures.find(({ words }) => words.test(start));
}

/** Something was named that neither was nor is here: to act on it would be to pretend. */
function isOutOfSight(action: IntentAction, views: readonly WorldView[]): boolean {
  if (!AIMED.has(action.intent)) return false;
  const { words, ref } = targetOf(action);
  if (ref === undefined) return words !== undefined && !isEverything(words) && !isBackdrop(words, views);
  // What the player is to be spared is here all the same, but there is nothing to be seen of it.
  return action.intent === 'examine' && nameIn(ref, views) === undefined;
}

const AIMED: ReadonlySet<Intent> = new Set<Intent>([
  'examine',
  'take',
  'use',
  'open',
  'close',
  'talk_to',
  'ask',
  'attack',
]);

const WAYS: Readonly<Partial<Record<Direction, string>>> = {
  up: 'upwards',
  down: 'downwards',
  in: 'inside',
  out: 'outside',
};

function wayOf(action: IntentAction, views: readonly WorldView[]): string {
  if (action.direction !== undefined) return WAYS[action.direction] ?? action.direction;
  return `towards ${withThe(targetName(action, views))}`;
}

function tellFeeling(action: IntentAction, picker: Picker): string {
  const group = feelingGroupOf(action);
  return picker.pick(`opening.feeling_${group}`, FEELING_OPENINGS[group], { emotion: action.emotion ?? '' });
}
