import type { IntentAction, IpaOutput } from '../../contracts/intent.ts';
import { CONFIDENCE } from './confidence.ts';
import type { Reading } from './reading.ts';
import { routeOf } from './routing.ts';

export const MAX_ACTIONS = 5;

/** Everything about a line but where the understanding came from. */
export type Understanding = Omit<
  IpaOutput,
  'source' | 'provider' | 'model' | 'usage' | 'degraded' | 'degraded_reasons'
>;

/** The readings of a line as one result; those beyond the fifth are counted, not kept. */
export function understandingOf(text: string, readings: readonly Reading[]): Understanding {
  const kept = readings.slice(0, MAX_ACTIONS);
  const said = kept.map((reading) => reading.action);
  const first = said[0] ?? nothing(text);
  const actions = said.length === 0 ? [first] : said;
  return {
    normalized_text: text,
    intent: first.intent,
    confidence: Math.min(...actions.map((action) => action.confidence)),
    entities: kept.flatMap((reading) => reading.entities),
    ...shortcutsOf(first),
    actions,
    dropped_actions: readings.length - kept.length,
    alternatives: kept.flatMap((reading) => reading.alternatives).slice(0, 3),
    needs_clarification: actions.some((action) => action.needs_clarification),
    routing: routeOf(actions),
  };
}

/** A text of punctuation alone. */
function nothing(text: string): IntentAction {
  return { intent: 'unknown', confidence: CONFIDENCE.unknown, text, needs_clarification: true };
}

function shortcutsOf(action: IntentAction): Partial<Understanding> {
  const { direction, object, npc, topic, emotion, instrument, place } = action;
  const given = Object.entries({ direction, object, npc, topic, emotion, instrument, place });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}
