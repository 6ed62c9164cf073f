import type { IntentAction } from '../../contracts/intent.ts';
import type { Choice } from '../../contracts/narrative.ts';
import { UNEXPLORED, type WorldView } from '../../contracts/world-view.ts';
import { seededHash } from '../../sessions/world/seeded.ts';
import { withThe } from './words.ts';

const MAX_CHOICES = 4;

/**
 * Two to four commands that work when they are sent back: one way, one person, one thing, one breather, turning
 * with the seed so that they do not read the same every time. What was done just now is not offered again.
 */
export function choicesFor(
  view: WorldView | null,
  just: IntentAction | undefined,
  ...seed: (string | number)[]
): Choice[] {
  const turnOf = <T>(list: readonly T[], what: string): T[] => {
    const start = list.length === 0 ? 0 : seededHash(...seed, what) % list.length;
    return [...list.slice(start), ...list.slice(0, start)];
  };
  const groups = [
    turnOf(view === null ? [] : ways(view), 'ways'),
    turnOf(view === null ? [] : people(view), 'people'),
    turnOf(view === null ? [] : things(view), 'things'),
    turnOf(BREATHERS, 'breathers'),
  ].map((group) => group.filter((choice) => !isJustDone(choice, just)));
  const picked: Choice[] = [];
  const orderedGroups = just?.intent === 'express_emotion' ? groups.toReversed() : groups;
  for (
    let round = 0;
    picked.length < MAX_CHOICES && orderedGroups.some((group) => group.length > round);
    round++
  ) {
    for (const group of orderedGroups) {
      const choice = group[round];
      if (choice !== undefined && picked.length < MAX_CHOICES) picked.push(choice);
    }
  }
  return picked;
}

const BREATHERS: readonly Choice[] = [
  { text: 'Rest for a while', intent: 'rest' },
  { text: 'Look around', intent: 'look' },
  { text: 'Wait a moment', intent: 'wait' },
  { text: 'Inventory', intent: 'inventory' },
];

function ways(view: WorldView): Choice[] {
  return view.location.exits.map((exit) => ({
    text:
      exit.to_id === UNEXPLORED ? `Go ${exit.direction}` : `Go ${exit.direction} to ${withThe(exit.to_name)}`,
    intent: 'move',
  }));
}

function people(view: WorldView): Choice[] {
  return view.npcs
    .filter((npc) => isSayable(npc.name, view))
    .map((npc) => ({ text: `Talk to ${withThe(npc.name)}`, intent: 'talk_to' }));
}

function things(view: WorldView): Choice[] {
  const here = view.objects.filter((object) => isSayable(object.name, view));
  const carried = view.inventory.filter((object) => isSayable(object.name, view));
  const all = [...here, ...carried];
  return [
    ...here.filter((object) => object.portable).map((object) => command('Take', object.name, 'take')),
    ...all
      .filter((object) => object.openable && !object.open)
      .map((object) => command('Open', object.name, 'open')),
    ...here.map((object) => command('Examine', object.name, 'examine')),
    ...all
      .filter((object) => object.use_text !== '' && (!object.openable || object.open))
      .map((object) => command('Use', object.name, 'use')),
  ];
}

function command(verb: string, name: string, intent: Choice['intent']): Choice {
  return { text: `${verb} ${withThe(name)}`, intent };
}

/** A name that means one thing here, and that no parser would cut in two. */
function isSayable(name: string, view: WorldView): boolean {
  const names = [...view.objects, ...view.inventory, ...view.npcs].map((thing) => thing.name);
  const isUnique = names.filter((other) => other === name).length === 1;
  return isUnique && !/[,.;:]| (and|then|to|at|with|about|on|in|from|for|by|under|near) /.test(` ${name} `);
}

function isJustDone(choice: Choice, just: IntentAction | undefined): boolean {
  if (just === undefined || choice.intent !== just.intent) return false;
  const target = just.object ?? just.npc ?? just.place ?? just.direction;
  return target === undefined || choice.text.toLowerCase().includes(target.toLowerCase());
}
