import { UNEXPLORED, type ViewExit, type WorldView } from '../../contracts/world-view.ts';

/** The present place in plain sentences: what it is like, what and who is here, where the ways lead. */
export function describeView(view: WorldView): string {
  const { name, description, exits } = view.location;
  const parts = [`You are at the ${name}. ${description}`];
  if (view.objects.length > 0) parts.push(`Here: ${view.objects.map((object) => object.name).join(', ')}.`);
  if (view.npcs.length > 0) parts.push(`Present: ${view.npcs.map((npc) => npc.name).join(', ')}.`);
  parts.push(exits.length === 0 ? 'No way leads on.' : `Ways: ${exits.map(wayOf).join(', ')}.`);
  return parts.join(' ');
}

function wayOf(exit: ViewExit): string {
  return exit.to_id === UNEXPLORED
    ? `${exit.direction} (unexplored)`
    : `${exit.direction} to the ${exit.to_name}`;
}
