import { UNEXPLORED, type ViewExit, type WorldView } from '../../contracts/world-view.ts';
import type { IntentAction } from '../../contracts/intent.ts';
import type { Pronoun } from '../../sessions/world/pronouns.ts';
import { bestMatches, nameWords } from '../../sessions/world/names.ts';
import { isEverywhere, mentionedBy } from '../ipa/mentioned.ts';
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
  was: 'were',
  greets: 'greet',
  looks: 'look',
  sees: 'see',
  turns: 'turn',
  seems: 'seem',
  listens: 'listen',
  likes: 'like',
  leans: 'lean',
  shows: 'show',
  lets: 'let',
  hears: 'hear',
  nods: 'nod',
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

const OBJECT_FORMS = { she: 'her', he: 'him', they: 'them' } as const;

/**
 * {person} as subject and {them} as object, with the verbs that agree.
 *
 * @param pronoun  says it instead of the name, where the sentence before has named the person
 */
export function personFillings(name: string, pronoun?: Pronoun): Fillings {
  if (pronoun === undefined) return { ...SINGULAR, person: withThe(name), them: withThe(name) };
  return { ...(pronoun === 'they' ? PLURAL : SINGULAR), person: pronoun, them: OBJECT_FORMS[pronoun] };
}

/** All there is: no thing of its own. */
export function isEverything(words: string | undefined): boolean {
  return /^(?:all|everything|anything)\b/i.test(words ?? '');
}

/** What an action was aimed at, in the world's words when it was found there, else in the player's. */
export function targetName(action: IntentAction, views: readonly WorldView[]): string {
  const { words, ref } = targetOf(action);
  const known = nameIn(ref, views);
  // "the notes" of a board are looked at by their own name.
  const isPart = known !== undefined && action.intent === 'examine' && !isNamed(words, ref, views);
  if (known !== undefined && !isPart) return known;
  if (ref !== undefined && words === undefined) return 'something';
  return isEverything(words) ? 'all there is' : echoed(words, 'what you are after');
}

/** Not a thing of its own in the world, but there all the same: the trees of a clearing, the sky. */
export function isBackdrop(words: string | undefined, views: readonly WorldView[]): boolean {
  if (words === undefined) return false;
  return isEverywhere(words.toLowerCase()) || views.some((view) => mentionedBy(words, view) !== undefined);
}

/** Words and id of one and the same thing: in "give the apple to him" they are those of the apple. */
export function targetOf(action: IntentAction): { words: string | undefined; ref: string | undefined } {
  const { object, object_ref, npc, npc_ref, place, place_ref } = action;
  if (object !== undefined || object_ref !== undefined) return { words: object, ref: object_ref };
  if (npc !== undefined || npc_ref !== undefined) return { words: npc, ref: npc_ref };
  return { words: place, ref: place_ref };
}

function isNamed(words: string | undefined, ref: string | undefined, views: readonly WorldView[]): boolean {
  if (words === undefined || ref === undefined) return true;
  const named = views.flatMap((view) => [...view.objects, ...view.inventory, ...view.npcs, view.location]);
  return bestMatches(nameWords(words), named).some(({ id }) => id === ref);
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
