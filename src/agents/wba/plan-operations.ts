import { assertNever } from '../../kernel/errors.ts';
import type { IntentAction, IpaOutput } from '../../contracts/intent.ts';
import type { WorldOperation } from '../../contracts/world.ts';

const TALK_WARMTH = 0.05;
const ATTACK_HARM = -0.1;

/**
 * The world operations that carry out what the player meant, in the order it was said. Things are named by the
 * resolved id or else by the player's own words; the operations decide what those mean in the whole world.
 * Unclear actions, looks and feelings change nothing.
 *
 * Source: spec, workflows 3.2; decision 26
 */
export function planOperations(intent: IpaOutput): WorldOperation[] {
  return intent.actions.flatMap((action) => (action.needs_clarification ? [] : operationsOf(action)));
}

function operationsOf(action: IntentAction): WorldOperation[] {
  const object = action.object_ref ?? action.object ?? action.npc_ref ?? action.npc ?? action.place;
  const npc = action.npc_ref ?? action.npc ?? action.object_ref ?? action.object;
  switch (action.intent) {
    case 'move':
      if (action.direction !== undefined) return [{ op: 'move_player', direction: action.direction }];
      return action.place === undefined ? [] : [{ op: 'move_player', to: action.place_ref ?? action.place }];
    case 'take':
    case 'drop':
    case 'use':
    case 'open':
    case 'close':
      return object === undefined ? [] : [{ op: action.intent, object }];
    case 'give':
      return object === undefined || npc === undefined ? [] : [{ op: 'give', object, npc }];
    case 'talk_to':
    case 'ask':
      return npc === undefined ? [] : [meet(npc, TALK_WARMTH)];
    case 'attack':
      return npc === undefined ? [] : [meet(npc, ATTACK_HARM)];
    case 'look':
    case 'examine':
    case 'express_emotion':
    case 'rest':
    case 'wait':
    case 'continue':
    case 'inventory':
    case 'help':
    case 'status':
    case 'save':
    case 'quit':
    case 'unknown':
      return [];
    default:
      return assertNever(action.intent, 'intent');
  }
}

function meet(npc: string, delta: number): WorldOperation {
  return { op: 'adjust_disposition', npc, delta, in_person: true };
}
