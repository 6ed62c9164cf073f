import type { IntentAction } from '../../contracts/intent.ts';
import type { Choice } from '../../contracts/narrative.ts';
import { UNEXPLORED, type WorldView } from '../../contracts/world-view.ts';
import type { Avoidance } from './avoidance.ts';
import type { OfferKind } from './grammar/goals.ts';
import { choiceThatWorks, worldInView } from './works-here.ts';
import { withThe } from './words.ts';

const MAX_CHOICES = 4;

/** Something that can be done here. */
export interface Offer extends Choice {
  readonly kind: OfferKind;
  /** The same as a noun, for a sentence that weighs it: "the way north". */
  readonly noun: string;
}

export interface OfferOptions {
  /** What was done just now; not offered again. */
  readonly just: IntentAction | undefined;
  /** Which kinds come first. */
  readonly order: readonly OfferKind[];
  readonly avoidance: Avoidance;
  /** Turns the lists, so that they do not read the same every time. */
  readonly turnOf: (kind: OfferKind) => number;
}

/**
 * Up to four commands that work when they are sent back: one of each kind, then the second of each, and so on. Every
 * one has been tried on the input processor's and the world's own rules.
 */
export function offersFor(view: WorldView | null, options: OfferOptions): Offer[] {
  const { just, order, avoidance, turnOf } = options;
  const world = view === null ? null : worldInView(view);
  const groups = order.map((kind) => {
    const all = offersOf(kind, view);
    const start = all.length === 0 ? 0 : turnOf(kind) % all.length;
    return [...all.slice(start), ...all.slice(0, start)].filter(
      (offer) => !isJustDone(offer, just) && !avoidance.mentions(offer.text),
    );
  });
  const picked: Offer[] = [];
  for (let round = 0; picked.length < MAX_CHOICES && groups.some((group) => group.length > round); round++) {
    for (const group of groups) {
      const offer = group[round];
      if (offer === undefined || picked.length >= MAX_CHOICES) continue;
      if (choiceThatWorks(offer.text, view, world)?.intent === offer.intent) picked.push(offer);
    }
  }
  return picked;
}

function offersOf(kind: OfferKind, view: WorldView | null): Offer[] {
  if (kind === 'breathers') return BREATHERS.map((offer) => ({ ...offer, kind }));
  if (view === null) return [];
  const offers = { ways, people, things }[kind](view);
  return offers.map((offer) => ({ ...offer, kind }));
}

type Nameless = Omit<Offer, 'kind'>;

const BREATHERS: readonly Nameless[] = [
  { text: 'Rest for a while', intent: 'rest', noun: 'a rest' },
  { text: 'Look around', intent: 'look', noun: 'a look around' },
  { text: 'Wait a moment', intent: 'wait', noun: 'a moment of nothing' },
  { text: 'Inventory', intent: 'inventory', noun: 'a look at what you carry' },
];

function ways(view: WorldView): Nameless[] {
  return view.location.exits.map((exit) => ({
    text:
      exit.to_id === UNEXPLORED ? `Go ${exit.direction}` : `Go ${exit.direction} to ${withThe(exit.to_name)}`,
    intent: 'move',
    noun:
      exit.to_id === UNEXPLORED
        ? `the unknown way ${exit.direction}`
        : `the way ${exit.direction} to ${withThe(exit.to_name)}`,
  }));
}

function people(view: WorldView): Nameless[] {
  return view.npcs
    .filter((npc) => isSayable(npc.name, view))
    .map((npc) => ({
      text: `Talk to ${withThe(npc.name)}`,
      intent: 'talk_to',
      noun: `a word with ${withThe(npc.name)}`,
    }));
}

function things(view: WorldView): Nameless[] {
  const here = view.objects.filter((object) => isSayable(object.name, view));
  const carried = view.inventory.filter((object) => isSayable(object.name, view));
  const all = [...here, ...carried];
  const closed = all.filter((object) => object.openable && !object.open);
  const usable = all.filter((object) => object.use_text !== '' && (!object.openable || object.open));
  return [
    ...here
      .filter((object) => object.portable)
      .map(({ name }) => command('Take', name, 'take', `${withThe(name)}, which could come along`)),
    ...closed.map(({ name }) => command('Open', name, 'open', `what ${withThe(name)} may hold`)),
    ...here.map(({ name }) => command('Examine', name, 'examine', `a closer look at ${withThe(name)}`)),
    ...usable.map(({ name }) => command('Use', name, 'use', `a while with ${withThe(name)}`)),
  ];
}

function command(verb: string, name: string, intent: Choice['intent'], noun: string): Nameless {
  return { text: `${verb} ${withThe(name)}`, intent, noun };
}

/** A name that means one thing here. */
function isSayable(name: string, view: WorldView): boolean {
  const names = [...view.objects, ...view.inventory, ...view.npcs].map((thing) => thing.name.toLowerCase());
  return names.filter((other) => other === name.toLowerCase()).length === 1;
}

function isJustDone(choice: Choice, just: IntentAction | undefined): boolean {
  if (just === undefined || choice.intent !== just.intent) return false;
  const target = just.object ?? just.npc ?? just.place ?? just.direction;
  return target === undefined || choice.text.toLowerCase().includes(target.toLowerCase());
}
