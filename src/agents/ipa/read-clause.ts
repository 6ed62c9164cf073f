import { readEmotion } from './emotion.ts';
import { DIRECTION_BY_WORD } from './directions.ts';
import { startOf } from './frames.ts';
import { guesses, withVerbCorrected } from './guesses.ts';
import { verbsAt } from './lexicon.ts';
import { namesOwnLife, tellsOfHabit, tellsOfLife } from './life.ts';
import { CONFIDENCE } from './confidence.ts';
import { metaIntent } from './meta.ts';
import { readCommand } from './read-command.ts';
import { readConversation } from './read-conversation.ts';
import { feeling, withEmotion } from './read-feeling.ts';
import { towards } from './read-move.ts';
import { readPerson } from './read-person.ts';
import { readQuestion } from './read-question.ts';
import { plain } from './read-thing.ts';
import type { Reading, Sight } from './reading.ts';
import { wordsOf, type Token } from './tokens.ts';

/** Words of courtesy and manner after a command. */
const TRAILING = new Set(
  'please thanks now again too instead anyway then today together immediately gently carefully slowly quickly quietly softly closely well yet still first once more closer better wide politely'.split(
    ' ',
  ),
);
/** "w to the grove" */
const COMPASS = /^([nsew]|[ns][ew]|(north|south)(east|west)?|east|west)$/;
const TOWARDS = /^(to|towards?|into|through|along)$/;
/** "I'm doing well", "it could be better": here such a word is the news. */
const STATE_VERB = /^(be|been|am|i'm|feel|felt|feeling|doing|do|get|getting|not|so|too|stand|that)$/;
const UNWANTED =
  /^(no |nope |please |well )?(i'd|i would|we'd|i|we|i'm|let's|let us|better|rather)? ?(rather not|prefer not to|better not|don't (want|wish|need|intend|plan|care) to|do not (want|wish|need|intend|plan|care) to|don't need|refuse to|not in the mood (to|for)|not going|won't|will not|shall not)\b/;
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
  const reading = readStarted(tokens, start.at, start.form, sight, text);
  // "I'd rather not bother them": whatever it is, it is not done.
  if (reading.action.intent === 'unknown' && (start.isDenied || UNWANTED.test(wordsOf(tokens))))
    return { ...plain('wait', text), isDenied: true };
  return { ...reading, isDenied: start.isDenied };
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
  if (metaIntent(tokens.slice(start)) === 'continue' && tokens[start + 1] !== undefined)
    return plain('continue', text);
  const emotion = readEmotion(tokens);
  const isState = start > 0 && emotion?.emotion !== undefined;
  if (first !== undefined && way !== undefined && !first.isQuoted && !isState)
    return towards(way, text, [first]);
  const compass = COMPASS.test(first?.word ?? '') ? DIRECTION_BY_WORD.get(first?.word ?? '') : undefined;
  if (first !== undefined && compass !== undefined && !isState && TOWARDS.test(tokens[start + 1]?.word ?? ''))
    return towards(compass, text, [first]);
  if (emotion?.isGrave === true || isAgainstOneself(tokens, start)) {
    return feeling(tokens, { emotion: emotion?.emotion, span: emotion?.span, isGrave: true }, text);
  }
  const command = readCommand(tokens, start, form, sight, text);
  const isLife =
    (command === null || !isResolved(command)) && (tellsOfLife(tokens) || isHabit(tokens, command));
  if (command === null || isLife) {
    const said = emotion === null ? readConversation(tokens, sight, text) : null;
    if (said !== null) return said;
    const asked =
      isLife || (emotion?.emotion !== undefined && !emotion.isIdiom)
        ? null
        : readQuestion(tokens, sight, text);
    if (asked !== null) return asked;
    if (emotion === null && !isLife) return unknown(tokens, start, sight, text);
    return feeling(tokens, emotion ?? UNNAMED, text);
  }
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

/** A feeling that is told without its name. */
const UNNAMED = { emotion: undefined, span: undefined, isGrave: false } as const;

/** "I eat lunch alone every day", "I want to hit my boss": said of the player's days, not of the story. */
function isHabit(tokens: readonly Token[], command: Reading | null): boolean {
  if (command === null || !SPEAKER.has(tokens[0]?.word ?? '')) return false;
  const isForPeople = /^(give|talk_to|ask)$/.test(command.action.intent);
  return tellsOfHabit(tokens) || (!isForPeople && namesOwnLife(tokens));
}

function isResolved({ action }: Reading): boolean {
  const refs = [action.object_ref, action.npc_ref, action.place_ref, action.direction];
  return refs.some((ref) => ref !== undefined);
}

function withoutTrailing(tokens: readonly Token[]): readonly Token[] {
  const end =
    tokens.findLastIndex(
      (token, at) =>
        token.isQuoted || !TRAILING.has(token.word) || STATE_VERB.test(tokens[at - 1]?.word ?? ''),
    ) + 1;
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
  const meant = withVerbCorrected(tokens, start, sight);
  if (meant !== null) {
    const confidence = Math.min(meant.reading.action.confidence, CONFIDENCE.unresolvedTarget);
    return { ...meant.reading, action: { ...meant.reading.action, confidence, text } };
  }
  return {
    action: { intent: 'unknown', confidence: CONFIDENCE.unknown, text, needs_clarification: true },
    entities: [],
    alternatives: guesses(tokens, start, sight),
  };
}
