import type { WorldView } from '../../contracts/world-view.ts';
import { nameWords } from '../../sessions/world/names.ts';
import type { Candidate } from './resolve-entities.ts';

/** Shorter words are too common to point at anything. */
const MIN_LETTERS = 3;

/**
 * Whose description speaks of it: the notes on a board, the pebbles of a stream, the trees round a clearing. Only the
 * noun has to be the same.
 */
export function mentionedBy(phrase: string, view: WorldView | null): Candidate | undefined {
  const noun = nameWords(phrase).at(-1) ?? '';
  if (view === null || noun.length < MIN_LETTERS) return undefined;
  const described = [
    ...view.objects.map((one) => ({ ...one, type: 'object' as const })),
    ...view.inventory.map((one) => ({ ...one, type: 'item' as const })),
    ...view.npcs.map((one) => ({ ...one, type: 'npc' as const })),
    { ...view.location, type: 'place' as const },
  ];
  const found = described.find(({ description }) => nameWords(description).includes(noun));
  return found === undefined
    ? undefined
    : { type: found.type, id: found.id, name: found.name, aliases: found.aliases };
}

/** What nobody has to mention because it is always there. */
const EVERYWHERE =
  /^(hands?|feet|foot|breath|body|heart|heartbeat|pulse|skin|face|ground|earth|floor|air|wind|breeze|sky|clouds?|sun|sunlight|light|silence|stillness|shadows?)$/;

export function isEverywhere(words: string): boolean {
  return EVERYWHERE.test(words);
}
