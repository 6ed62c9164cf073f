import type { IpaOutput } from '../../contracts/intent.ts';
import type { WorldView } from '../../contracts/world-view.ts';
import { isCourtesy, metaIntents } from './meta.ts';
import { withoutNarration } from './narrated.ts';
import { isInDanger, readEmotion } from './emotion.ts';
import { readAddress } from './read-address.ts';
import { readDanger, withEmotion } from './read-feeling.ts';
import { readClause, type ClauseReading } from './read-clause.ts';
import { plain } from './read-thing.ts';
import { lastAfter, lastOf, type Reading, type Sight } from './reading.ts';
import { candidatesOf } from './resolve-entities.ts';
import { shareVerb } from './share-verb.ts';
import { spelledOut } from './spelling.ts';
import { splitActions } from './split-actions.ts';
import { withoutTags } from './tags.ts';
import { tokenize, type Token } from './tokens.ts';
import { understandingOf } from './understanding.ts';

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
  const readings = readText(text, view, lastEntity);
  return { ...understandingOf(text, readings), source: 'local', degraded: false };
}

/** The actions of a line with what each of them refers to, in the order of the text. */
export function readText(
  text: string,
  view: WorldView | null,
  lastEntity: string | null,
): readonly Reading[] {
  const tokens = withoutNarration(spelledOut(tokenize(text).slice(0, MAX_WORDS)), text);
  return readLine(tokens, text, view, lastEntity);
}

function readLine(
  all: readonly Token[],
  text: string,
  view: WorldView | null,
  lastEntity: string | null,
): readonly Reading[] {
  const tokens = withoutTags(all);
  const isGrave = isInDanger(tokens);
  const meta = metaIntents(all) ?? metaIntents(tokens);
  if (meta !== undefined && !isGrave) return meta.map((intent) => plain(intent, text));
  const candidates = candidatesOf(view);
  if (isGrave) return [readDanger(tokens, text)];
  let sight: Sight = { view, candidates, last: lastOf(lastEntity, candidates) };
  const address = readAddress(tokens, sight, text);
  if (address !== null) return [withEmotion(address, readEmotion(tokens))];
  const readings = splitActions(tokens)
    .flatMap((clause) => shareVerb(clause, sight))
    .map((clause) => {
      const reading = readClause(clause, sight, text);
      sight = { ...sight, last: lastAfter(reading, sight.last) };
      return reading;
    });
  return wanted(readings, text);
}

/** "What grows here? I ask her." is one question, and lying down to close one's eyes is one rest. */
function joined(readings: readonly ClauseReading[]): readonly ClauseReading[] {
  return readings.filter(({ action }, at) => {
    const next = readings[at + 1]?.action.intent;
    if (
      (action.intent === 'rest' || action.intent === 'look' || action.intent === 'wait') &&
      next === action.intent
    )
      return action.direction !== undefined;
    return action.intent !== 'unknown' || next !== 'ask' || !QUESTION.test(action.text);
  });
}

const QUESTION = /^(what|where|which|who|how|why|when|do|does|is|are|can)\b/i;
const THANKS = /^(many )?(thanks|thank you)$/i;

/** What is denied is not done; when nothing else is said, nothing is done at all. Bare courtesies mean nothing. */
function wanted(readings: readonly ClauseReading[], text: string): readonly Reading[] {
  const isDropped = ({ isDenied, action }: ClauseReading) =>
    isDenied && action.intent !== 'express_emotion' && action.intent !== 'unknown';
  const kept = readings.filter((reading) => !isDropped(reading));
  const meaning = joined(kept).filter(
    ({ action }) => !(action.intent === 'unknown' || THANKS.test(action.text)) || !isCourtesy(action.text),
  );
  if (meaning.length === 0 && kept.length < readings.length) return [plain('wait', text)];
  return meaning.length === 0 ? kept : meaning;
}
