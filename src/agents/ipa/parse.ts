import type { IntentAction, IpaOutput } from '../../contracts/intent.ts';
import type { WorldView } from '../../contracts/world-view.ts';
import { CONFIDENCE } from './confidence.ts';
import { isCourtesy, metaIntent } from './meta.ts';
import { withoutNarration } from './narrated.ts';
import { readClause, type ClauseReading } from './read-clause.ts';
import { plain } from './read-thing.ts';
import { lastAfter, lastOf, type Reading, type Sight } from './reading.ts';
import { candidatesOf } from './resolve-entities.ts';
import { routeOf } from './routing.ts';
import { shareVerb } from './share-verb.ts';
import { splitActions } from './split-actions.ts';
import { tokenize, type Token } from './tokens.ts';

export const MAX_ACTIONS = 5;

/** Beyond this many words a text is a tale, not commands; what follows is kept as text but not parsed. */
const MAX_WORDS = 400;

/**
 * What a line of player text means, by rules alone. Deterministic; the same text, view and last entity give the
 * same result.
 *
 * @param text        clean player text (the PlayerText schema made it so)
 * @param view        what is in sight; without it nothing is resolved, but the verbs are still understood
 * @param lastEntity  id or words that pronouns mean
 * Source: spec, workflows 3.1, "Local parser"
 */
export function parseText(text: string, view: WorldView | null, lastEntity: string | null): IpaOutput {
  const tokens = withoutNarration(tokenize(text).slice(0, MAX_WORDS), text);
  const readings = readLine(tokens, text, view, lastEntity);
  const kept = readings.slice(0, MAX_ACTIONS);
  const actions = kept.map((reading) => reading.action);
  const first = actions[0] ?? nothing(text);
  return {
    normalized_text: text,
    intent: first.intent,
    confidence: Math.min(...actions.map((action) => action.confidence), first.confidence),
    entities: kept.flatMap((reading) => reading.entities),
    ...shortcutsOf(first),
    actions: actions.length === 0 ? [first] : actions,
    dropped_actions: readings.length - kept.length,
    alternatives: kept.flatMap((reading) => reading.alternatives).slice(0, 3),
    needs_clarification: actions.length === 0 || actions.some((action) => action.needs_clarification),
    routing: routeOf(actions.length === 0 ? [first] : actions),
    source: 'local',
    degraded: false,
  };
}

function readLine(
  tokens: readonly Token[],
  text: string,
  view: WorldView | null,
  lastEntity: string | null,
): readonly Reading[] {
  const meta = metaIntent(tokens);
  if (meta !== undefined) return [plain(meta, text)];
  const candidates = candidatesOf(view);
  let sight: Sight = { view, candidates, last: lastOf(lastEntity, candidates) };
  const readings = splitActions(tokens)
    .flatMap((clause) => shareVerb(clause, sight))
    .map((clause) => {
      const reading = readClause(clause, sight, text);
      sight = { ...sight, last: lastAfter(reading, sight.last) };
      return reading;
    });
  return wanted(readings, text);
}

/** What is denied is not done; when nothing else is said, nothing is done at all. Bare courtesies mean nothing. */
function wanted(readings: readonly ClauseReading[], text: string): readonly Reading[] {
  const isDropped = ({ isDenied, action }: ClauseReading) =>
    isDenied && action.intent !== 'express_emotion' && action.intent !== 'unknown';
  const kept = readings.filter((reading) => !isDropped(reading));
  const meaning = kept.filter(({ action }) => action.intent !== 'unknown' || !isCourtesy(action.text));
  if (meaning.length === 0 && kept.length < readings.length) return [plain('wait', text)];
  return meaning.length === 0 ? kept : meaning;
}

/** A text of punctuation alone. */
function nothing(text: string): IntentAction {
  return { intent: 'unknown', confidence: CONFIDENCE.unknown, text, needs_clarification: true };
}

function shortcutsOf(action: IntentAction): Partial<IpaOutput> {
  const { direction, object, npc, topic, emotion, instrument, place } = action;
  const given = Object.entries({ direction, object, npc, topic, emotion, instrument, place });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}
