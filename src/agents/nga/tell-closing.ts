import type { IntentAction } from '../../contracts/intent.ts';
import type { NgaInput } from '../../contracts/narrative.ts';
import type { Offer } from './choices.ts';
import { CROSSROADS, INVITATIONS, SUGGESTIONS, WHAT_EXACTLY, WHICH_ONE } from './grammar/closings.ts';
import { FEELING_INVITATIONS } from './grammar/feelings.ts';
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
    if (guesses.length === 0) return picker.pick('closing.what', WHAT_EXACTLY);
    return picker.pick('closing.which', WHICH_ONE, { options: quoted(guesses) });
  }
  if (main.intent === 'express_emotion') return picker.pick('closing.feeling', FEELING_INVITATIONS);
  return tellCrossroads(main, offers, picker) || picker.pick('closing.invitation', INVITATIONS);
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
