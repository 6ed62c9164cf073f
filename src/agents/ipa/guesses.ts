import type { IntentAlternative } from '../../contracts/intent.ts';
import { nearest } from '../../kernel/suggest.ts';
import { commandsFor } from './alternatives.ts';
import { CONFIDENCE } from './confidence.ts';
import { SINGLE_WORD_VERBS } from './lexicon.ts';
import { readCommand } from './read-command.ts';
import type { Sight } from './reading.ts';
import { resolvePhrase } from './resolve-entities.ts';
import { splitActions } from './split-actions.ts';
import { tokenize, wordsOf, type Token } from './tokens.ts';

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
  const first = tokens[start];
  if (first === undefined || QUESTION_WORDS.test(first.word)) return [];
  if (first.word.length < 4 || first.word.length > MAX_VERB_LENGTH) return [];
  const verb = nearest(first.word, SINGLE_WORD_VERBS);
  if (verb === undefined || verb === first.word) return [];
  const corrected = [verb, ...tokens.slice(start + 1).map((token) => token.word)].join(' ');
  const words = tokenize(corrected);
  const reading = splitActions(words).length > 1 ? null : readCommand(words, 0, 'base', sight, corrected);
  if (reading === null || reading.action.confidence <= CONFIDENCE.unresolvedTarget) return [];
  // A verb that needs nothing is not corrected into a line that says more.
  if (words.length > 1 && reading.entities.length === 0) return [];
  return [{ intent: reading.action.intent, confidence: CONFIDENCE.unknown, text: corrected }];
}
