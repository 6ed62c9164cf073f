import type { Intent, IntentAction } from '../../contracts/intent.ts';
import type { NgaInput } from '../../contracts/narrative.ts';
import type { Direction, WorldView } from '../../contracts/world-view.ts';
import { isEverything, nameIn, personName, targetName, thingFillings } from './fillings.ts';
import { FEELING_OPENINGS } from './grammar/feelings.ts';
import { OPENINGS } from './grammar/openings.ts';
import { LOOK_AGAIN, SEARCHING, STILL_UNKNOWN, UNCLEAR_OPENINGS } from './grammar/openings-instead.ts';
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
  return picker.pick(`opening.${action.intent}`, OPENINGS[action.intent], {
    ...thingFillings(targetName(action, views)),
    person: withThe(personName(action, views)),
    way: wayOf(action, views),
  });
}

/** Something was named that neither was nor is here: to act on it would be to pretend. */
function isOutOfSight(action: IntentAction, views: readonly WorldView[]): boolean {
  if (!AIMED.has(action.intent)) return false;
  const refs = [action.object_ref, action.npc_ref, action.place_ref].filter((ref) => ref !== undefined);
  const words = action.object ?? action.npc ?? action.place;
  if (refs.length === 0) return words !== undefined && !isEverything(words);
  return !refs.some((ref) => nameIn(ref, views) !== undefined);
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
