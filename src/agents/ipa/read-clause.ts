import { readEmotion } from './emotion.ts';
import { DIRECTION_BY_WORD } from './directions.ts';
import { startOf } from './frames.ts';
import { guesses } from './guesses.ts';
import { verbsAt } from './lexicon.ts';
import { CONFIDENCE } from './confidence.ts';
import { readCommand } from './read-command.ts';
import { readConversation } from './read-conversation.ts';
import { feeling, withEmotion } from './read-feeling.ts';
import { towards } from './read-move.ts';
import { readPerson } from './read-person.ts';
import type { Reading, Sight } from './reading.ts';
import type { Token } from './tokens.ts';

/** Words of courtesy and manner after a command. */
const TRAILING = new Set(
  'please thanks now again too instead anyway then today together immediately gently carefully slowly quickly quietly softly closely well yet still first once more closer better wide politely'.split(
    ' ',
  ),
);
const SPEAKER = new Set(['i', "i'm", 'im', "i've", 'my', 'feeling', "i'd"]);

/** What a clause says; a denied command is one that the player does not want. */
export interface ClauseReading extends Reading {
  readonly isDenied: boolean;
}

/** One clause as one action; what cannot be understood is `unknown`, with guesses as alternatives. */
export function readClause(clause: readonly Token[], sight: Sight, source: string): ClauseReading {
  const tokens = withoutTrailing(clause);
  const text = source.slice(tokens[0]?.start ?? 0, tokens.at(-1)?.end ?? 0);
  const spoken = readSpeech(tokens, sight, text);
  if (spoken !== null) return { ...spoken, isDenied: false };
  const start = startOf(tokens, 0);
  return { ...readStarted(tokens, start.at, start.form, sight, text), isDenied: start.isDenied };
}

function readStarted(
  tokens: readonly Token[],
  start: number,
  form: ReturnType<typeof startOf>['form'],
  sight: Sight,
  text: string,
): Reading {
  const first = tokens[start];
  const way = start === tokens.length - 1 ? DIRECTION_BY_WORD.get(first?.word ?? '') : undefined;
  const emotion = readEmotion(tokens);
  const isState = start > 0 && emotion?.emotion !== undefined;
  if (first !== undefined && way !== undefined && !first.isQuoted && !isState)
    return towards(way, text, [first]);
  if (emotion?.isGrave === true || isAgainstOneself(tokens, start)) {
    return feeling(tokens, { emotion: emotion?.emotion, span: emotion?.span, isGrave: true }, text);
  }
  const command = readCommand(tokens, start, form, sight, text);
  if (command === null)
    return emotion === null
      ? (readConversation(tokens, sight, text) ?? unknown(tokens, start, sight, text))
      : feeling(tokens, emotion, text);
  const isCertain = command.action.confidence >= CONFIDENCE.completeVerb;
  const isSpeech = command.action.intent === 'talk_to' || command.action.intent === 'ask';
  // "I keep feeling anxious" speaks of a feeling although "keep" is a verb of taking.
  const isFeeling =
    emotion !== null &&
    ((emotion.isIdiom === true && emotion.emotion !== undefined && !isSpeech) ||
      (tokens[start]?.word === 'say' && startOf(tokens, 0).isDenied) ||
      (!isCertain && !isSpeech && emotion.emotion !== undefined && SPEAKER.has(tokens[0]?.word ?? '')));
  return isFeeling ? feeling(tokens, emotion, text) : withEmotion(command, emotion);
}

function withoutTrailing(tokens: readonly Token[]): readonly Token[] {
  const end = tokens.findLastIndex((token) => token.isQuoted || !TRAILING.has(token.word)) + 1;
  return end === 0 ? tokens.slice(0, 1) : tokens.slice(0, end);
}

/** `"Where is the key?" I ask the butler.`, or a quotation alone: it is said to whoever is there. */
function readSpeech(tokens: readonly Token[], sight: Sight, text: string): Reading | null {
  if (tokens[0]?.isQuoted !== true) return null;
  const quotedLength = tokens.findIndex((token) => !token.isQuoted);
  const quote = quotedLength === -1 ? tokens : tokens.slice(0, quotedLength);
  const behind = tokens.slice(quote.length);
  const start = startOf(behind, 0);
  const verb = verbsAt(behind, start.at).find(({ target }) => target === 'person');
  const rest = verb === undefined ? [] : behind.slice(start.at + verb.length);
  return readPerson(verb?.intent ?? 'talk_to', verb?.phrase ?? 'say', [...rest, ...quote], sight, text);
}

/** "hurt myself" is never played out as a fight: it is heard as a feeling, whatever the safety rules add. */
function isAgainstOneself(tokens: readonly Token[], start: number): boolean {
  const attacks = verbsAt(tokens, start).some((verb) => verb.intent === 'attack');
  return attacks && tokens.slice(start + 1).some((token) => token.word === 'myself' || token.word === 'me');
}

function unknown(tokens: readonly Token[], start: number, sight: Sight, text: string): Reading {
  return {
    action: { intent: 'unknown', confidence: CONFIDENCE.unknown, text, needs_clarification: true },
    entities: [],
    alternatives: guesses(tokens, start, sight),
  };
}
