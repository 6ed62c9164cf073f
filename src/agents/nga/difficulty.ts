import type { NgaInput } from '../../contracts/narrative.ts';
import type { OfferKind } from './grammar/goals.ts';

/** Pauses and company before anything that takes courage. */
const GENTLE_FIRST: readonly OfferKind[] = ['breathers', 'people'];
const CHALLENGING_FIRST: readonly OfferKind[] = ['ways', 'people'];

/**
 * What is offered first in a session of this difficulty; the rest stays in its order. A feeling that was just named goes
 * before any wish to be challenged.
 */
export function orderFor(
  { therapeutic_context: context }: Pick<NgaInput, 'therapeutic_context'>,
  order: readonly OfferKind[],
  feels: boolean,
): readonly OfferKind[] {
  const difficulty = context?.difficulty ?? 'normal';
  if (difficulty === 'normal' || (difficulty === 'challenging' && feels)) return order;
  const first = difficulty === 'gentle' ? GENTLE_FIRST : CHALLENGING_FIRST;
  return [...first, ...order.filter((kind) => !first.includes(kind))];
}

/** The same for a model; null where nothing is to be said. */
export function difficultyRule({ therapeutic_context: context }: NgaInput): string | null {
  switch (context?.difficulty ?? 'normal') {
    case 'gentle':
      return 'This player is to be treated with particular gentleness: reassure, ask little, and offer pauses and company before anything that takes courage.';
    case 'challenging':
      return 'This player wishes to be challenged: ask open questions, and offer what takes some courage. When a feeling is expressed it still comes first.';
    case 'normal':
      return null;
  }
}
