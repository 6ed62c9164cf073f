import type { Intent, IntentAction, IpaOutput } from '../../contracts/intent.ts';

type Routing = IpaOutput['routing'];

const META: ReadonlySet<Intent> = new Set<Intent>(['help', 'status', 'inventory', 'save', 'quit']);
const LOOKING: ReadonlySet<Intent> = new Set<Intent>(['look', 'examine']);

/**
 * Which workflow a line needs; several actions need the one that can do them all.
 *
 * Source: spec, workflows 2.2, workflow choice
 */
export function routeOf(actions: readonly IntentAction[]): Routing {
  const all = (wanted: ReadonlySet<Intent>) => actions.every((action) => wanted.has(action.intent));
  if (all(META)) return { workflow: 'input_processing', needs_world: false, needs_narrative: true };
  if (all(LOOKING)) return { workflow: 'world_building', needs_world: true, needs_narrative: true };
  if (all(new Set(['continue'])))
    return { workflow: 'narrative_generation', needs_world: false, needs_narrative: true };
  return { workflow: 'collaborative', needs_world: true, needs_narrative: true };
}
