import type { Intent } from '../../contracts/intent.ts';
import type { NgaInput } from '../../contracts/narrative.ts';

/** Commands about the game; their answers are facts, and no model tells them better. */
const META: ReadonlySet<Intent> = new Set(['help', 'save', 'quit', 'status', 'inventory']);

export function isMeta(intent: Intent): boolean {
  return META.has(intent);
}

/** Turns that need no model: commands about the game, and what first has to be made clear. */
export function isToldLocally({ intent }: NgaInput): boolean {
  const actions = intent?.actions ?? [];
  return actions.length > 0 && actions.every((action) => isMeta(action.intent) || action.needs_clarification);
}
