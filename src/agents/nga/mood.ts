import type { IntentAction } from '../../contracts/intent.ts';
import type { TherapeuticElement, Tone } from '../../contracts/narrative.ts';
import type { WbaOutput } from '../../contracts/world.ts';
import type { WorldView } from '../../contracts/world-view.ts';
import { FEELING_GROUPS } from './grammar/feelings.ts';

const TONE_BY_THEME: Readonly<Record<string, Tone>> = {
  mindfulness: 'peaceful',
  social_connection: 'hopeful',
  self_reflection: 'contemplative',
  courage: 'adventurous',
  hope: 'hopeful',
  resilience: 'adventurous',
  wonder: 'mysterious',
};

/** The tone of a turn: plain for commands about the game and for anger, else the feeling's, else the place's. */
export function toneOf(action: IntentAction, world: WbaOutput | null, view: WorldView | null): Tone {
  if (['help', 'save', 'quit', 'status', 'inventory', 'attack', 'unknown'].includes(action.intent))
    return 'neutral';
  if (action.intent === 'express_emotion') {
    const isLight = action.emotion !== undefined && FEELING_GROUPS[action.emotion] === 'light';
    return isLight ? 'hopeful' : 'contemplative';
  }
  if (world?.applied.some((done) => done.discovered === true) === true) return 'adventurous';
  if (action.intent === 'rest' || action.intent === 'wait') return 'peaceful';
  return TONE_BY_THEME[view?.location.theme ?? ''] ?? 'neutral';
}

/** What in the turn may do the player good, for the session's record. */
export function elementsOf(actions: readonly IntentAction[], world: WbaOutput | null): TherapeuticElement[] {
  const did = (...intents: string[]) => actions.some((action) => intents.includes(action.intent));
  const moved = world?.applied.some((done) => done.op === 'move_player') === true;
  const found: [TherapeuticElement, boolean][] = [
    ['emotional_validation', did('express_emotion')],
    ['self_reflection', did('express_emotion', 'rest', 'wait', 'examine')],
    ['social_connection', did('talk_to', 'ask', 'give')],
    ['problem_solving', (world?.rejected.length ?? 0) > 0 || did('unknown')],
    ['resilience', moved],
  ];
  return found.flatMap(([element, isPresent]) => (isPresent ? [element] : []));
}
