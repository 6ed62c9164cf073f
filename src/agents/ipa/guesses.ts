import type { IntentAlternative } from '../../contracts/intent.ts';
import { nearest } from '../../kernel/suggest.ts';
import { commandsFor } from './alternatives.ts';
import { CONFIDENCE } from './confidence.ts';
import { SINGLE_WORD_VERBS } from './lexicon.ts';
import { readCommand } from './read-command.ts';
import type { Reading, Sight } from './reading.ts';
import { resolvePhrase } from './resolve-entities.ts';
import { splitActions } from './split-actions.ts';
import { tokenize, wordsOf, type Token } from './tokens.ts';
import { isTypingErrorOf } from './typing-error.ts';

const QUESTION_WORDS = /^(what|when|where|which|whatever|why|whose|that|this|they|them|then|there|with)$/;
/** More words than this are no bare name. */
const MAX_NAME_WORDS = 4;

/** No verb is longer, and comparing words takes time by their length. */
const MAX_VERB_LENGTH = 16;

/** What an utterance that is no command may have meant: a name without a verb, or a verb with a typing error. */
export function guesses(tokens: readonly Token[], start: number, sight: Sight): IntentAlternative[] {
  const { match } =
    tokens.length > MAX_NAME_WORDS
      ? { match: undefined }
      : resolvePhrase(wordsOf(tokens), sight.candidates, ['object', 'item', 'npc', 'place']);
  if (match !== undefined) {
    const intent = match.type === 'npc' ? 'talk_to' : match.type === 'place' ? 'move' : 'examine';
    return match.id === sight.view?.location.id ? [] : commandsFor(intent, [match], CONFIDENCE.unknown);
  }
  const corrected = correct(tokens, start, sight);
  if (corrected === null || corrected.reading.action.needs_clarification) return [];
  if (corrected.reading.action.confidence <= CONFIDENCE.unresolvedTarget) return [];
  const { reading, text } = corrected;
  // A verb that needs nothing is not corrected into a line that says more.
  if (text.includes(' ') && reading.entities.length === 0) return [];
  return [{ intent: reading.action.intent, confidence: CONFIDENCE.unknown, text }];
}

interface Corrected {
  readonly reading: Reading;
  readonly text: string;
  /** The words kept their places in the player's text. */
  readonly isPlaced: boolean;
}

/** A verb with one typing error before something that is in sight: what it must have meant. */
export function withVerbCorrected(tokens: readonly Token[], start: number, sight: Sight): Corrected | null {
  const corrected = correct(tokens, start, sight);
  if (corrected === null || !corrected.isPlaced) return null;
  if (corrected.reading.action.confidence < CONFIDENCE.resolvedTarget) return null;
  const meant = corrected.text.split(' ')[0] ?? '';
  return isTypingErrorOf(tokens[start]?.word ?? '', meant) ? corrected : null;
}

function correct(tokens: readonly Token[], start: number, sight: Sight): Corrected | null {
  const first = tokens[start];
  if (first === undefined || QUESTION_WORDS.test(first.word)) return null;
  if (first.word.length < 4 || first.word.length > MAX_VERB_LENGTH) return null;
  const verb = nearest(first.word, SINGLE_WORD_VERBS);
  if (verb === undefined || verb === first.word) return null;
  const text = [verb, ...tokens.slice(start + 1).map((token) => token.word)].join(' ');
  const words = tokenize(text);
  const isPlaced = words.length === tokens.length - start;
  const placed = words.map((token, i) => (isPlaced ? placeOf(token, tokens[start + i]) : token));
  const reading = splitActions(placed).length > 1 ? null : readCommand(placed, 0, 'base', sight, text);
  return reading === null ? null : { reading, text, isPlaced };
}

/** The word, standing where the player wrote it. */
function placeOf(token: Token, at: Token | undefined): Token {
  return { ...token, start: at?.start ?? token.start, end: at?.end ?? token.end };
}
