import { UNEXPLORED, WORLD_SCHEMA_VERSION, type World, type WorldLocation } from '../../contracts/world.ts';
import type { Choice } from '../../contracts/narrative.ts';
import type { WorldView } from '../../contracts/world-view.ts';
import { applyOperations } from '../../sessions/world/operations.ts';
import { parseText } from '../ipa/parse.ts';
import { planOperations } from '../wba/plan-operations.ts';

const MIN_CONFIDENCE = 0.7;

/**
 * What becomes of a command that is sent from here, by the rules of the input processor and of the world.
 *
 * @returns the choice it makes, or null when it would not be understood, be cut in two, or be refused
 */
export function choiceThatWorks(text: string, view: WorldView | null, world: World | null): Choice | null {
  const parsed = parseText(text, view, null);
  const isClear = parsed.confidence >= MIN_CONFIDENCE && !parsed.needs_clarification;
  if (!isClear || parsed.actions.length !== 1 || parsed.intent === 'unknown') return null;
  const operations = planOperations(parsed);
  if (operations.length > 0) {
    if (world === null || applyOperations(world, operations, '').rejected.length > 0) return null;
  }
  return { text, intent: parsed.intent };
}

/** What is in view as a world of its own, in which a command can be tried. */
export function worldInView(view: WorldView): World {
  const places: Record<string, WorldLocation> = {};
  for (const exit of view.location.exits) {
    if (exit.to_id !== UNEXPLORED)
      places[exit.to_id] = { ...ELSEWHERE, name: exit.to_name, aliases: exit.aliases };
  }
  const { id, name, aliases, description, theme, mood, exits } = view.location;
  places[id] = {
    name,
    aliases,
    description,
    theme,
    mood,
    exits: Object.fromEntries(exits.map((exit) => [exit.direction, exit.to_id])),
    objects: view.objects.map((object) => object.id),
    npcs: view.npcs.map((npc) => npc.id),
  };
  return {
    world_id: view.world_id,
    schema_version: WORLD_SCHEMA_VERSION,
    version: view.version,
    seed: view.seed,
    turn: view.turn,
    created_at: '',
    updated_at: '',
    player: {
      location_id: id,
      came_from: null,
      inventory: view.inventory.map((object) => object.id),
      visited: [id],
      flags: {},
    },
    locations: places,
    objects: Object.fromEntries(
      [...view.objects, ...view.inventory].map(({ id: objectId, ...object }) => [objectId, object]),
    ),
    npcs: Object.fromEntries(
      view.npcs.map(({ id: npcId, ...npc }) => [npcId, { ...npc, facts: [], carries: [] }]),
    ),
    facts: [],
    events: [],
  };
}

const ELSEWHERE: WorldLocation = {
  name: '',
  aliases: [],
  description: '',
  theme: 'wonder',
  mood: 'calm',
  exits: {},
  objects: [],
  npcs: [],
};
