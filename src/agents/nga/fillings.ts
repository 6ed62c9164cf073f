import { UNEXPLORED, type ViewExit, type WorldView } from '../../contracts/world-view.ts';
import type { IntentAction } from '../../contracts/intent.ts';
import type { Fillings } from './select.ts';
import { echoed, isPlural, listOf, withThe } from './words.ts';

/** Verbs in templates, third person singular to plural. */
const VERBS: Readonly<Record<string, string>> = {
  is: 'are',
  has: 'have',
  does: 'do',
  goes: 'go',
  sits: 'sit',
  rests: 'rest',
  opens: 'open',
  comes: 'come',
  gives: 'give',
  closes: 'close',
  belongs: 'belong',
  stays: 'stay',
  takes: 'take',
  remains: 'remain',
  lies: 'lie',
  makes: 'make',
  moves: 'move',
};
const SINGULAR: Fillings = {
  ...Object.fromEntries(Object.keys(VERBS).map((verb) => [verb, verb])),
  it: 'it',
};
const PLURAL: Fillings = { ...VERBS, it: 'them' };

/** {thing} with its article; {it} is its object pronoun, and the verbs agree with it. */
export function thingFillings(name: string): Fillings {
  return { ...(isPlural(name) ? PLURAL : SINGULAR), thing: withThe(name) };
}

/** All there is: no thing of its own. */
export function isEverything(words: string | undefined): boolean {
  return /^(?:all|everything|anything)\b/i.test(words ?? '');
}

/** What an action was aimed at, in the world's words when it was found there, else in the player's. */
export function targetName(action: IntentAction, views: readonly WorldView[]): string {
  const ref = action.object_ref ?? action.npc_ref ?? action.place_ref;
  const words = action.object ?? action.npc ?? action.place;
  const known = nameIn(ref, views);
  if (known !== undefined) return known;
  return isEverything(words) ? 'all there is' : echoed(words, 'what you have in mind');
}

export function personName(action: IntentAction, views: readonly WorldView[]): string {
  return nameIn(action.npc_ref ?? action.object_ref, views) ?? echoed(action.npc ?? action.object, 'someone');
}

export function nameIn(ref: string | undefined, views: readonly WorldView[]): string | undefined {
  if (ref === undefined) return undefined;
  for (const view of views) {
    const things = [...view.objects, ...view.inventory, ...view.npcs, view.location];
    const name =
      things.find((thing) => thing.id === ref)?.name ??
      view.location.exits.find((e) => e.to_id === ref)?.to_name;
    if (name !== undefined) return name;
  }
  return undefined;
}

/** "you can go north to the mountain path and south to the village center", as a clause. */
export function waysClause(view: WorldView | null): string {
  const exits = view?.location.exits ?? [];
  if (exits.length === 0) return 'no way leads on from here';
  return listOf(exits.map(wayClause), 4);
}

function wayClause(exit: ViewExit, index: number): string {
  const verb = index === 0 ? 'you can go ' : '';
  const to = exit.to_id === UNEXPLORED ? 'into the unknown' : `to ${withThe(exit.to_name)}`;
  return `${verb}${exit.direction} ${to}`;
}
