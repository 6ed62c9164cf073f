import type { IntentAction } from '../../contracts/intent.ts';
import type { NgaInput } from '../../contracts/narrative.ts';
import type { WorldView } from '../../contracts/world-view.ts';
import type { Offer } from './choices.ts';
import { CROSSROADS, INVITATIONS, SUGGESTIONS, WHAT_EXACTLY, WHICH_ONE } from './grammar/closings.ts';
import { FEELING_INVITATIONS } from './grammar/feelings.ts';
import {
  NOBODY_TO_TALK_TO,
  NOTHING_IN_HAND,
  NOTHING_TO_TAKE,
  PARTINGS,
  THAT_ONE,
} from './grammar/replies.ts';
import { isMeta } from './meta.ts';
import type { Picker } from './select.ts';
import { listOf } from './words.ts';

/** The end of a story: always a question, and where something was unclear, one that helps. */
export function tellClosing(
  input: NgaInput,
  main: IntentAction,
  actions: readonly IntentAction[],
  offers: readonly Offer[],
  picker: Picker,
): string {
  const unclear = actions.find((action) => action.needs_clarification);
  const guesses = input.intent?.alternatives.map((alternative) => alternative.text) ?? [];
  if (unclear?.intent === 'unknown') {
    const commands = [...new Set([...guesses, ...offers.map((offer) => decapitalized(offer.text))])];
    return picker.pick('closing.suggestion', SUGGESTIONS, { options: quoted(commands.slice(0, 3)) });
  }
  if (unclear !== undefined) {
    if (guesses.length === 0) return tellNothingToName(unclear, input.view, picker);
    if (guesses.length === 1) return picker.pick('closing.that_one', THAT_ONE, { options: quoted(guesses) });
    return picker.pick('closing.which', WHICH_ONE, { options: quoted(guesses) });
  }
  if (main.intent === 'quit') return picker.pick('closing.parting', PARTINGS);
  if (main.intent === 'express_emotion') return picker.pick('closing.feeling', FEELING_INVITATIONS);
  return tellCrossroads(main, offers, picker) || picker.pick('closing.invitation', INVITATIONS);
}

/** Nothing was named, and often there is nothing that could be. */
function tellNothingToName({ intent }: IntentAction, view: WorldView | null, picker: Picker): string {
  if (view !== null) {
    if ((intent === 'talk_to' || intent === 'ask') && view.npcs.length === 0)
      return picker.pick('closing.nobody', NOBODY_TO_TALK_TO);
    if (intent === 'take' && view.objects.every(({ portable }) => !portable))
      return picker.pick('closing.nothing_to_take', NOTHING_TO_TAKE);
    if ((intent === 'give' || intent === 'drop') && view.inventory.length === 0)
      return picker.pick('closing.nothing_in_hand', NOTHING_IN_HAND);
  }
  return picker.pick('closing.what', WHAT_EXACTLY);
}

/** Two things that could be done, of different kinds; in two of five turns at most. */
function tellCrossroads(main: IntentAction, offers: readonly Offer[], picker: Picker): string {
  const isDue = picker.chance('crossroads') % 2 === 0 && picker.recentUses('closing.crossroads') < 2;
  if (isMeta(main.intent) || !isDue) return '';
  const [first] = offers;
  const second = offers.find((offer) => offer.kind !== first?.kind);
  if (first === undefined || second === undefined) return '';
  return picker.pick('closing.crossroads', CROSSROADS, { first: first.noun, second: second.noun });
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
